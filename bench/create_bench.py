#!/usr/bin/env python3
"""How many small files a metadata server makes in a second, 32 in flight through the library: answered before they are stable
(the default), and with a sync before each answer (commit_interval = "0s": what waits together shares one). Two clusters of the
same binaries side by side, runs interleaved; medians, and the median of the pairs' ratios. Beside them what the disk does
when each append is synced by itself: a server with a sync for each operation of its own is not faster than that.

  create_bench.py [--pairs 5] [--files 20000] [--threads 32]
"""
import argparse
import os
import shutil
import statistics
import tempfile
import time

from bench_cluster import Cluster


APPEND_BYTES = 700  # about what the log gets for a create


def synced_appends_per_second(directory, count=1000):
    file = os.open(os.path.join(directory, "appended"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    began = time.monotonic()
    for number in range(count):
        os.pwrite(file, b"x" * APPEND_BYTES, number * APPEND_BYTES)
        os.fdatasync(file)
    took = time.monotonic() - began
    os.close(file)
    return count / took


def creates_per_second(cluster, directory, threads, files):
    cluster.nacre("mkdir", directory)
    load = cluster.load("create_load", directory, threads, files)
    rate, _ = load.communicate()
    if load.returncode != 0:
        raise SystemExit("create_load failed")
    return float(rate)


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
        clusters["sync"].configure("mdt0", "commit_interval", "0s")
        clusters["sync"].restart("mdt0")
        rates = {"async": [], "sync": [], "one at a time, async": [], "one at a time, sync": []}
        appends = []
        for pair in range(options.pairs):
            for kind in ("async", "sync") if pair % 2 == 0 else ("sync", "async"):
                cluster = clusters[kind]
                rates[kind].append(creates_per_second(cluster, "/many%d" % pair, options.threads, options.files))
                few = max(200, options.files // 20)
                rates["one at a time, " + kind].append(creates_per_second(cluster, "/one%d" % pair, 1, few))
            appends.append(synced_appends_per_second(work))
        print("creates of empty files through the library, medians of %d pairs" % options.pairs)
        for kind, values in rates.items():
            name = kind if "," in kind else "%d in flight, %s" % (options.threads, kind)
            print("  %-34s %7.0f files/s" % (name, statistics.median(values)))
        print("  %-34s %7.0f /s" % ("appends with a sync each", statistics.median(appends)))
        print("  %-34s %7.2f" % ("%d in flight, async / those" % options.threads,
                                 statistics.median(a / s for a, s in zip(rates["async"], appends))))
        for prefix, name in (("", "%d in flight" % options.threads), ("one at a time, ", "one at a time")):
            pairs = zip(rates[prefix + "async"], rates[prefix + "sync"])
            print("  %-34s %7.2f" % (name + ": async / sync", statistics.median(a / s for a, s in pairs)))
    finally:
        for cluster in clusters.values():
            cluster.down()
        shutil.rmtree(work, ignore_errors=True)


main()
