#!/usr/bin/env python3
"""How many small files a metadata server makes in a second, 32 in flight through the library: answered before they are stable
(the default), and with a sync before each answer (commit_interval = "0s": what waits together shares one). Two clusters of the
same binaries side by side, runs interleaved; medians, and the median of the pairs' ratios. Beside them what the disk does
when each append is synced by itself: a server with a sync for each operation of its own is not faster than that.

  create_bench.py [--pairs 5] [--files 20000] [--threads 32] [--against OTHER_BIN]

OTHER_BIN: build/release/bin of another build, measured in the same run: an older commit, or this one with a sync for each
operation of its own (bench/synced_build.sh makes it).
"""
import argparse
import os
import shutil
import statistics
import tempfile
import time

from bench_cluster import Cluster


APPEND_BYTES = 550  # what the log gets for a create and its close


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
    parser.add_argument("--against")
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="nacre-bench-")
    clusters = {}
    try:
        for kind in ("async", "sync"):
            clusters[kind] = Cluster(os.path.join(work, kind))
        clusters["sync"].configure("mdt0", "commit_interval", "0s")
        clusters["sync"].restart("mdt0")
        if options.against:
            clusters["other"] = Cluster(os.path.join(work, "other"), programs=options.against)
        many, one, appends = {kind: [] for kind in clusters}, {kind: [] for kind in clusters}, []
        for pair in range(options.pairs):
            for kind in list(clusters) if pair % 2 == 0 else reversed(clusters):
                many[kind].append(creates_per_second(clusters[kind], "/many%d" % pair, options.threads, options.files))
                few = max(200, options.files // 20)
                one[kind].append(creates_per_second(clusters[kind], "/one%d" % pair, 1, few))
            appends.append(synced_appends_per_second(work))
        print("creates of empty files through the library, medians of %d pairs" % options.pairs)
        for name, rates in (("%d in flight, " % options.threads, many), ("one at a time, ", one)):
            for kind, values in rates.items():
                print("  %-34s %7.0f files/s" % (name + kind, statistics.median(values)))
            for kind in rates:
                if kind != "async":
                    ratio = statistics.median(a / o for a, o in zip(rates["async"], rates[kind]))
                    print("  %-34s %7.2f" % (name + "async / " + kind, ratio))
        print("  %-34s %7.0f /s" % ("appends with a sync each", statistics.median(appends)))
    finally:
        for cluster in clusters.values():
            cluster.down()
        shutil.rmtree(work, ignore_errors=True)


main()
