#!/usr/bin/env python3
"""Makes a frozen volume: the data directories of a small cluster with everything in it, and what every later version must
read from them. Run once for each version of the formats (docs/formats.md), by hand; what it made is never made anew:

  NACRE_BIN=build/release/bin tests/tools/make_volume.py tests/vectors/volumes/VERSION

VERSION/volume.tar.xz  mdt0, ost0 and ost1 as the servers left them after a clean stop
VERSION/expected.json  by directory: the policy's options and key, every name's facts and SHA-256, the no-key names
"""

import hashlib
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "integration")]

import made_tree  # noqa: E402
from cluster import Cluster  # noqa: E402

KEYS = {"key-a": bytes(range(1, 65)), "key-b": bytes(range(64, 0, -1)), "key-c": bytes(range(101, 133))}
DIRECTORIES = {  # the directory and how it is encrypted; None: not at all
    "vault-cts": ("key-a", []),
    "vault-hctr2": ("key-b", ["--names", "aes-256-hctr2", "--padding", "16"]),
    "vault-cts4": ("key-c", ["--padding", "4"]),
    "plain": None,
}


def content(name, size):
    """Bytes that need no generator to be the same for ever."""
    return hashlib.shake_256(b"frozen volume: " + name).digest(size)


def make_small_tree(top):
    root = os.fsencode(top)
    for directory in (b"", b"odd", b"links", b"sizes", b"empty", b"modes", b"sparse", b"a/b/c/d/e"):
        os.makedirs(os.path.join(root, directory))
    join = lambda *parts: os.path.join(root, *parts)  # noqa: E731
    for name in made_tree.ODD_NAMES:
        made_tree.write_file(join(b"odd", name), content(name, 20))
    for length in (1, 15, 16, 17, 31, 32, 33, 148, 149, 150, 254):
        os.mkdir(join(b"empty", b"n" * length))
    for size in (0, 1, 15, 16, 4095, 4096, 4097, 8191, 12288, 65535, 65537):
        made_tree.write_file(join(b"sizes", b"%d" % size), content(b"%d" % size, size))
    for mode in (0o400, 0o644, 0o4755, 0o1777):
        made_tree.write_file(join(b"modes", b"%04o" % mode), b"%o" % mode)
        os.chmod(join(b"modes", b"%04o" % mode), mode)
    made_tree.make_sparse(join(b"sparse", b"holes-between"), 1 << 20, [(i << 18, content(b"%d" % i, 5000)) for i in range(4)])
    made_tree.make_sparse(join(b"sparse", b"only-hole"), 300123, [])
    made_tree.make_links(lambda *parts: join(*parts))
    os.setxattr(join(b"sizes", b"1"), b"user.binary", bytes(range(256)))
    os.setxattr(join(b"modes"), b"user.of-a-directory", b"x" * 200)
    for name in sorted(made_tree.walk(root)):
        os.utime(join(name), ns=(7, 1_700_000_000_000_000_001 + len(name)), follow_symlinks=False)


def text(value):
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def describe(top):
    """Every name below top with what a copy of it must have."""
    root, found = os.fsencode(top), {}
    for name in sorted(made_tree.walk(root)):
        path = os.path.join(root, name)
        facts = made_tree.describe(path)
        del facts["uid"], facts["gid"]  # whoever runs this
        facts = {key: text(value) for key, value in facts.items()}
        if "xattrs" in facts:
            facts["xattrs"] = {key: value.hex() for key, value in facts["xattrs"].items()}
        if "size" in facts:
            with open(path, "rb") as file:
                facts["sha256"] = hashlib.sha256(file.read()).hexdigest()
        found[text(name)] = facts
    return {"names": found, "hard_links": [[text(name) for name in group] for group in made_tree.link_groups(root)]}


def fill(cluster, tree):
    expected = {}
    for directory, policy in DIRECTORIES.items():
        row = expected[directory] = {"key": None, "options": []}
        if policy:
            key, row["options"] = policy
            row["key"] = KEYS[key].hex()
            cluster.ok("encrypt", "/" + directory, "--key-file", cluster.local(key, KEYS[key]), *row["options"])
        else:
            cluster.ok("mkdir", "/" + directory)
        cluster.ok("setstripe", "-c", "2", "-S", "64K", "/" + directory)
        cluster.ok("put", "-r", tree, "/" + directory + "/tree")
        row["context"] = cluster.run("debug", "context", "/" + directory + "/tree").out.hex() if policy else None
        row.update(describe(tree))
    for directory, policy in DIRECTORIES.items():
        if policy:
            cluster.ok("lock", "/" + directory)
        # Without the key, names are cookie and ciphertext; they too must not change: scripts have them.
        locked = [entry["name"] for entry in cluster.entries("/" + directory)]
        expected[directory]["names_when_locked"] = sorted(locked)
    return expected


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = sys.argv[1]
    os.makedirs(out)  # never over an old one
    with Cluster(osts=2) as cluster:
        tree = cluster.file("tree")
        make_small_tree(tree)
        expected = fill(cluster, tree)
        cluster.down()
        # Sparse: RocksDB allocates megabytes of zeros ahead in its logs.
        subprocess.run(["tar", "-C", cluster.dir, "-S", "--sort=name", "--owner=0", "--group=0", "--numeric-owner",
                        "-cJf", os.path.join(out, "volume.tar.xz"), "mdt0", "ost0", "ost1"], check=True)
    with open(os.path.join(out, "expected.json"), "w", encoding="ascii") as file:
        json.dump(expected, file, indent=1, sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main()
