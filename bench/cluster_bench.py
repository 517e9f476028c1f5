#!/usr/bin/env python3
"""Figures of a whole cluster of real processes on this machine: big-file put and get, many small files, memory.

Machines are noisy, so what counts is ratios inside one run: pairs are interleaved (encrypted, plain, encrypted, ...) and
every figure is a median over pairs; who of a pair goes first alternates. CPU seconds are those of the whole machine (user +
system + irq of /proc/stat), so nothing can hide in a server.

Before each measurement, of small files before each four, memory is in the same state (settled_memory.py).

  cluster_bench.py [big|small|all] [--bytes 1G] [--pairs 7] [--files 10000] [--osts 3] [--json FILE]
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from settled_memory import Memory

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("NACRE_BIN", os.path.join(ROOT, "build/release/bin"))
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds():
    fields = [int(x) for x in open("/proc/stat").readline().split()[1:]]
    return (fields[0] + fields[1] + fields[2] + fields[5] + fields[6]) / TICKS


def process_cpu(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_resident_mib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def size(text):
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1]) * units[text[-1].upper()] if text[-1].upper() in units else int(text)


class Measured:
    """Wall and CPU seconds of one command, and its own peak memory."""

    def __init__(self, argv, stdout=subprocess.DEVNULL):
        busy, began = cpu_seconds(), time.monotonic()
        child = subprocess.Popen(argv, stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        stderr = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - began
        self.cpu = cpu_seconds() - busy
        self.own_cpu = usage.ru_utime + usage.ru_stime
        self.peak_mib = usage.ru_maxrss / 1024
        if child.returncode != 0:
            sys.exit(f"{' '.join(argv)}: exit {child.returncode}: {stderr.decode(errors='replace')}")


class Cluster:
    def __init__(self, directory, osts):
        self.directory = directory
        self.environment = dict(os.environ, NACRE_CONFIG=os.path.join(directory, "client.toml"))
        os.environ["NACRE_CONFIG"] = self.environment["NACRE_CONFIG"]
        self.nacre("dev", "up", directory, "--osts", str(osts))

    def nacre(self, *args):
        return Measured([os.path.join(BIN, "nacre"), *args])

    def servers(self):
        text = subprocess.check_output([os.path.join(BIN, "nacre"), "dev", "status", self.directory, "--json"])
        return {t["name"]: t["pid"] for t in json.loads(text)["targets"]}

    def down(self):
        subprocess.run([os.path.join(BIN, "nacre"), "dev", "down", self.directory, "--wipe"], check=False)


def median(values):
    return statistics.median(values)


def row(title, text):
    print(f"  {title:<46} {text}", flush=True)


def pair_order(number, kinds):
    """Whoever goes second finds the machine as the first left it: turns are fair."""
    return kinds if number % 2 == 0 else kinds[::-1]


def bench_big(cluster, memory, work, total, pairs, result):
    source, back = os.path.join(work, "big"), os.path.join(work, "back")
    with open("/dev/urandom", "rb") as noise, open(source, "wb") as out:
        for _ in range(total >> 20):
            out.write(noise.read(1 << 20))
    gb, wanted = total / 1e9, total + (256 << 20)
    figures = {key: [] for key in ("put_enc", "put_plain", "get_enc", "get_plain", "cp", "null_enc", "null_plain")}
    targets = (("enc", "/vault/big"), ("plain", "/plain/big"))
    for number in range(pairs):
        for kind, target in pair_order(number, targets):
            figures[f"put_{kind}"].append(memory.settled(wanted, lambda: cluster.nacre("put", source, target),
                                                         undo=lambda: cluster.nacre("rm", target)))
        figures["cp"].append(memory.settled(wanted, lambda: Measured(["sh", "-c", f"cp {source} {back} && sync {back}"]),
                                            undo=lambda: os.unlink(back)))
        os.unlink(back)
        for kind, target in pair_order(number, targets):
            figures[f"get_{kind}"].append(memory.settled(wanted, lambda: cluster.nacre("get", target, back),
                                                         undo=lambda: os.unlink(back)))
            os.unlink(back)
        for kind, target in pair_order(number, targets):
            with open("/dev/null", "wb") as null:
                figures[f"null_{kind}"].append(memory.settled(256 << 20, lambda: Measured(
                    [os.path.join(BIN, "nacre"), "get", target, "-"], stdout=null)))
        for _, target in targets:
            cluster.nacre("rm", target)
    def ratio(over, under):
        return median([b.wall / a.wall for a, b in zip(figures[over], figures[under])])
    print(f"big file: {total >> 20} MiB, 3 stripes of 1 MiB, median of {pairs} interleaved pairs")
    for key, title in (("put_enc", "put, encrypted"), ("put_plain", "put, plain"), ("cp", "cp + fsync"),
                       ("get_enc", "get to a new file, encrypted"), ("get_plain", "get to a new file, plain"),
                       ("null_enc", "get to /dev/null, encrypted"), ("null_plain", "get to /dev/null, plain")):
        runs = figures[key]
        speed, cpu = median([gb / r.wall for r in runs]), median([r.cpu / gb for r in runs])
        client = median([r.own_cpu / gb for r in runs])
        row(title, f"{speed:5.2f} GB/s   {cpu:5.2f} CPU-s/GB (client {client:4.2f})   peak {max(r.peak_mib for r in runs):4.0f} MiB")
        result[key] = {"gb_per_s": speed, "cpu_s_per_gb": cpu, "client_cpu_s_per_gb": client,
                       "client_peak_mib": max(r.peak_mib for r in runs), "walls": [r.wall for r in runs],
                       "cpus": [r.cpu for r in runs]}
    for title, over, under, wanted in (("put: encrypted / plain", "put_enc", "put_plain", 0.93),
                                       ("get: encrypted / plain", "get_enc", "get_plain", 0.93),
                                       ("get to /dev/null: encrypted / plain", "null_enc", "null_plain", 0.93),
                                       ("plain put / cp + fsync", "put_plain", "cp", 0.7)):
        row(title, f"{ratio(over, under):5.2f}   (wanted: {wanted})")
        result[f"ratio {title}"] = ratio(over, under)


def bench_small(cluster, memory, work, files, pairs, result):
    # What was put stays: ext4 gives no inode out again within minutes of its removal (recently_deleted in fs/ext4/ialloc.c),
    # and to search over ten thousands of those took up to 30 % of the machine, of one run more than of the other.
    tree = os.path.join(work, "tree")
    os.mkdir(tree)
    for number in range(files):
        with open(os.path.join(tree, f"file-{number:05}"), "wb") as out:
            out.write(os.urandom(1024))
    runs = {"enc": [], "plain": []}
    ratios = []
    for group in range(pairs):
        # There and back, at once after each other: whatever the machine does slowly meanwhile counts for both alike.
        order = pair_order(group, (("enc", "/vault"), ("plain", "/plain")))
        walls = {"enc": 0.0, "plain": 0.0}
        memory.settle(256 << 20)
        for turn, (kind, parent) in enumerate(order + order[::-1]):
            os.sync()
            runs[kind].append(cluster.nacre("put", "-r", tree, f"{parent}/small{group}-{turn}"))
            walls[kind] += runs[kind][-1].wall
        ratios.append(walls["plain"] / walls["enc"])
    ratio = median(ratios)
    print(f"small files: {files} of 1 KiB by put -r, median of {pairs} times (encrypted, plain, plain, encrypted)")
    for kind in runs:
        row(f"put -r, {kind}", f"{median([files / r.wall for r in runs[kind]]):7.0f} files/s   "
            f"{median([1e6 * r.cpu / files for r in runs[kind]]):5.0f} CPU-us/file")
        result[f"small_{kind}"] = {"files_per_s": median([files / r.wall for r in runs[kind]]),
                                   "walls": [r.wall for r in runs[kind]], "cpus": [r.cpu for r in runs[kind]]}
    quartiles = statistics.quantiles(ratios, n=4) if pairs > 1 else [ratio] * 3
    row("encrypted / plain", f"{ratio:5.2f}   (wanted: 0.95; quartiles {quartiles[0]:.2f} and {quartiles[2]:.2f})")
    result["ratio small"], result["ratios small"] = ratio, ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="all", choices=["big", "small", "all"])
    parser.add_argument("--bytes", type=size, default=1 << 30)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--osts", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="nacre-bench-")
    cluster = None
    memory = Memory(work)
    result = {}
    try:
        cluster = Cluster(os.path.join(work, "cluster"), options.osts)
        key = os.path.join(work, "key")
        with open(key, "wb") as out:
            out.write(os.urandom(64))
        cluster.nacre("encrypt", "/vault", "--key-file", key)
        cluster.nacre("mkdir", "/plain")
        for parent in ("/vault", "/plain"):
            cluster.nacre("setstripe", "-c", "-1", "-S", "1M", parent)
        if options.what in ("big", "all"):
            bench_big(cluster, memory, work, options.bytes, options.pairs, result)
        if options.what in ("small", "all"):
            bench_small(cluster, memory, work, options.files, options.pairs, result)
        print("memory of the servers at their peak")
        for name, pid in cluster.servers().items():
            row(name, f"{peak_resident_mib(pid):4.0f} MiB   {process_cpu(pid):6.1f} CPU-s")
            result[f"peak_mib {name}"] = peak_resident_mib(pid)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as out:
                json.dump(result, out, indent=1)
    finally:
        if cluster:
            cluster.down()
        shutil.rmtree(work, ignore_errors=True)


main()
