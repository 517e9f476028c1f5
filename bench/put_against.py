#!/usr/bin/env python3
"""`put` of one big file against another build of Nacre, say of an older commit: encrypted and plain, two clusters side by
side, runs interleaved; medians, and the median of the pairs' ratios (above 1: this build is faster), with their quartiles:
where these are far apart, the machine is too noisy for so few pairs.

  put_against.py OTHER_BIN [--pairs 7] [--mib 1024] [--place /vault]

OTHER_BIN: build/release/bin of the other build: git worktree add ../other COMMIT && cd ../other && ./dev build
"""
import argparse
import os
import shutil
import statistics
import tempfile
import time

from bench_cluster import BIN, Cluster
from settled_memory import Memory

MIB = 1 << 20


class Side:
    """One build's cluster; put() answers the seconds that one took."""

    def __init__(self, programs, directory, key):
        self.cluster = Cluster(directory, osts=3, programs=programs)
        self.cluster.nacre("encrypt", "/vault", "--key-file", key)
        self.cluster.nacre("mkdir", "/plain")
        for place in ("/vault", "/plain"):
            self.cluster.nacre("setstripe", "-c", "3", "-S", "1M", place)

    def put(self, source, place):
        began = time.monotonic()
        self.cluster.nacre("put", source, place + "/big")
        return time.monotonic() - began

    def remove(self, place):
        self.cluster.nacre("rm", place + "/big")
        time.sleep(1)  # its objects go in the background


def warm(path):
    """Into the page cache."""
    with open(path, "rb") as file:
        while file.read(MIB):
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--place", choices=("/vault", "/plain"))
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="nacre-bench-")
    os.environ["XDG_RUNTIME_DIR"] = work  # an agent of its own
    sides = {}
    memory = Memory(work)
    try:
        source, key = os.path.join(work, "source"), os.path.join(work, "key")
        with open(source, "wb") as file:
            for _ in range(options.mib):
                file.write(os.urandom(MIB))
        with open(key, "wb") as file:
            file.write(os.urandom(64))
        for name, programs in (("this", BIN), ("other", options.other)):
            sides[name] = Side(programs, os.path.join(work, name), key)
        print("put of %d MiB, 3 OSTs, 1 MiB stripes, medians of %d pairs" % (options.mib, options.pairs))
        for place in (options.place,) if options.place else ("/vault", "/plain"):
            seconds = {name: [] for name in sides}
            for pair in range(options.pairs + 1):
                for name in ("this", "other") if pair % 2 == 0 else ("other", "this"):
                    side = sides[name]
                    warm(source)
                    took = memory.settled(2 * options.mib * MIB, lambda s=side, p=place: s.put(source, p),
                                          lambda s=side, p=place: s.remove(p))
                    side.remove(place)
                    if pair > 0:  # the first warms up
                        seconds[name].append(took)
            ratios = [other / this for this, other in zip(seconds["this"], seconds["other"])]
            low, ratio, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
            print("  %-8s this %6.3f s, other %6.3f s; other / this %.3f (quartiles %.3f, %.3f)   wanted >= 0.95"
                  % (place, statistics.median(seconds["this"]), statistics.median(seconds["other"]), ratio, low, high))
    finally:
        for side in sides.values():
            side.cluster.nacre("lock", "/vault")  # an agent without keys ends
            side.cluster.down()
        shutil.rmtree(work, ignore_errors=True)


main()
