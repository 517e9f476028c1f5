#!/usr/bin/env python3
"""How many small files a metadata server makes in a second, 32 in flight through the library: answered before they are stable
(the default), and with a sync for each answer (commit_interval = "0s"). Two clusters of the same binaries side by side, runs
interleaved; medians, and the median of the pairs' ratios.

  create_bench.py [--pairs 5] [--files 20000] [--threads 32]
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("NACRE_BIN", os.path.join(ROOT, "build/release/bin"))


class Cluster:
    def __init__(self, directory):
        self.directory = directory
        self.nacre("dev", "up", directory, "--osts", "1")

    def nacre(self, *args):
        config = os.path.join(self.directory, "client.toml")
        return subprocess.run([os.path.join(BIN, "nacre"), *args], env=dict(os.environ, NACRE_CONFIG=config), check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout

    def sync_each_change(self):
        self.nacre("dev", "stop", self.directory, "mdt0")
        with open(os.path.join(self.directory, "etc", "mdt0.toml"), "a", encoding="utf-8") as options:
            options.write('commit_interval = "0s"\n')
        self.nacre("dev", "start", self.directory, "mdt0")

    def mds(self):
        targets = json.loads(self.nacre("dev", "status", self.directory, "--json"))["targets"]
        return next(target["address"] for target in targets if target["name"] == "mdt0")

    def creates_per_second(self, directory, threads, files):
        self.nacre("mkdir", directory)
        done = subprocess.run([os.path.join(BIN, "create_load"), directory, str(threads), str(files)], check=True,
                              env=dict(os.environ, NACRE_MDS=self.mds()), stdout=subprocess.PIPE, text=True)
        return float(done.stdout)

    def down(self):
        self.nacre("dev", "down", self.directory, "--wipe")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--files", type=int, default=20000)
    parser.add_argument("--threads", type=int, default=32)
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="nacre-bench-")
    clusters = {}
    try:
        for kind in ("async", "sync"):
            clusters[kind] = Cluster(os.path.join(work, kind))
        clusters["sync"].sync_each_change()
        rates = {"async": [], "sync": [], "one at a time, async": [], "one at a time, sync": []}
        for pair in range(options.pairs):
            for kind in ("async", "sync") if pair % 2 == 0 else ("sync", "async"):
                cluster = clusters[kind]
                rates[kind].append(cluster.creates_per_second("/many%d" % pair, options.threads, options.files))
                few = max(200, options.files // 20)
                rates["one at a time, " + kind].append(cluster.creates_per_second("/one%d" % pair, 1, few))
        print("creates of empty files through the library, medians of %d pairs" % options.pairs)
        for kind, values in rates.items():
            name = kind if "," in kind else "%d in flight, %s" % (options.threads, kind)
            print("  %-34s %7.0f files/s" % (name, statistics.median(values)))
        for prefix, name in (("", "%d in flight" % options.threads), ("one at a time, ", "one at a time")):
            pairs = zip(rates[prefix + "async"], rates[prefix + "sync"])
            print("  %-34s %7.2f" % (name + ": async / sync", statistics.median(a / s for a, s in pairs)))
    finally:
        for cluster in clusters.values():
            cluster.down()
        shutil.rmtree(work, ignore_errors=True)


main()
