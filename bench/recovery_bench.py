#!/usr/bin/env python3
"""How long a metadata server that was killed takes until it serves again with a million inodes, an object server with as many
objects, and how long the replay of 100 000 changes takes that the first had answered and lost.

  recovery_bench.py [--inodes 1000000] [--objects 1000000] [--changes 100000] [--clients 8]
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from bench_cluster import BIN, Cluster

RESTARTS = 5


def start_server(cluster, name):
    """The seconds from its start until it says that it is ready, and the process."""
    log_path = os.path.join(cluster.directory, "log", name + ".log")
    seen = os.path.getsize(log_path)
    program = "nacre-mds" if name.startswith("mdt") else "nacre-oss"
    config = os.path.join(cluster.directory, "etc", name + ".toml")
    began = time.monotonic()
    with open(log_path, "ab") as log:
        process = subprocess.Popen([os.path.join(BIN, program), "--config", config], stdout=log, stderr=log)
    while True:
        with open(log_path, encoding="utf-8") as log:
            log.seek(seen)
            if "ready:" in log.read():
                return time.monotonic() - began, process
        if process.poll() is not None:
            raise SystemExit(name + " does not start: see " + log_path)
        time.sleep(0.002)


def kill(process):
    process.kill()
    process.wait()


def measure_restarts(cluster, name, holding, *command):
    """command: one that needs the server."""
    cluster.nacre("dev", "kill", cluster.directory, name)
    ready, served = [], []
    for _ in range(RESTARTS):
        took, server = start_server(cluster, name)
        ready.append(took)
        began = time.monotonic()
        cluster.nacre(*command)
        served.append(took + time.monotonic() - began)
        kill(server)
    print("restart of %s after kill -9 with %s, medians of %d" % (name, holding, RESTARTS))
    print("  until it is ready               %6.2f s" % statistics.median(ready))
    print("  until a command has its answer  %6.2f s   wanted < 2" % statistics.median(served))
    cluster.nacre("dev", "start", cluster.directory, name)


def measure_metadata_server(cluster, inodes):
    directories = 10
    for number in range(directories):
        cluster.nacre("mkdir", "/many%d" % number)
        load = cluster.load("create_load", "/many%d" % number, 32, inodes // directories)
        load.communicate()
        if load.returncode != 0:
            raise SystemExit("create_load failed")
    last = "/many%d/file-%d" % (directories - 1, inodes // directories - 1)
    measure_restarts(cluster, "mdt0", "%d inodes" % inodes, "stat", last)


def measure_object_server(cluster, objects):
    """Each of one page."""
    tree = os.path.join(cluster.directory, "many")
    in_one = 10_000
    os.mkdir(tree)
    for number in range(in_one):
        with open(os.path.join(tree, str(number)), "wb") as file:
            file.write(b"%d" % number)
    cluster.nacre("mkdir", "/objects")
    for number in range(objects // in_one):
        cluster.nacre("put", "-r", tree, "/objects/%d" % number)
    shutil.rmtree(tree)
    time.sleep(3)  # it announces itself every two seconds, and says how many it has
    held = int(next(t for t in json.loads(cluster.nacre("df", "--json"))["targets"] if t["target"] == "OST0000")["objects"])
    measure_restarts(cluster, "ost0", "%d objects" % held, "cat", "/objects/0/0")


def line_of(load, word):
    line = load.stdout.readline().strip()
    if line != word:
        raise SystemExit("rename_load says '%s' instead of '%s'" % (line, word))


def go_on(loads):
    for load in loads:
        load.stdin.write("\n")
        load.stdin.flush()


def measure_replay(cluster, changes, clients):
    """The power cut: the store as it was when the files were made, and nothing since was synced."""
    cluster.configure("mdt0", "commit_interval", "1h")  # nothing becomes stable that nobody asks for
    cluster.nacre("dev", "kill", cluster.directory, "mdt0")
    _, server = start_server(cluster, "mdt0")
    loads = []
    for number in range(clients):
        cluster.nacre("mkdir", "/load%d" % number)
        loads.append(cluster.load("rename_load", "/load%d" % number, changes // clients, stdin=subprocess.PIPE))
    for load in loads:
        line_of(load, "made")
    store = os.path.join(cluster.directory, "mdt0", "db")
    synced = os.path.join(cluster.directory, "synced-db")
    shutil.copytree(store, synced)
    began = time.monotonic()
    go_on(loads)
    for load in loads:
        line_of(load, "renamed")
    renamed = time.monotonic() - began
    kill(server)
    shutil.rmtree(store)
    os.rename(synced, store)
    log_path = os.path.join(cluster.directory, "log", "mdt0.log")
    seen = os.path.getsize(log_path)
    began = time.monotonic()
    ready, server = start_server(cluster, "mdt0")
    go_on(loads)
    for load in loads:
        line_of(load, "committed")
    took = time.monotonic() - began
    with open(log_path, encoding="utf-8") as log:
        log.seek(seen)
        said = [line.split("info ")[-1].strip() for line in log if "recovered:" in line]
    print("%d renames of %d clients, answered, not stable, lost" % (changes, clients))
    print("  the first time                  %6.2f s" % renamed)
    print("  the server is ready             %6.2f s" % ready)
    print("  replayed and committed          %6.2f s   wanted < 10; the server says: %s" % (took, "; ".join(said)))
    for load in loads:
        load.stdin.close()
        load.wait()
    kill(server)
    cluster.nacre("dev", "start", cluster.directory, "mdt0")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inodes", type=int, default=1_000_000)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="nacre-bench-")
    cluster = Cluster(os.path.join(work, "cluster"))
    try:
        if options.inodes:
            measure_metadata_server(cluster, options.inodes)
        if options.changes:
            measure_replay(cluster, options.changes, options.clients)
        if options.objects:
            measure_object_server(cluster, options.objects)
    finally:
        cluster.down()
        shutil.rmtree(work, ignore_errors=True)


main()
