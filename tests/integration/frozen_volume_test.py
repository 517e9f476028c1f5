"""Every volume ever frozen (tests/vectors/volumes) opens under this version: all of it reads back, no-key names are the same,
and it takes changes. A failure here means that somebody's data would not be read after an update."""

import json
import os
import subprocess
import sys
import unittest

from cluster import KEY_NEEDED, ROOT, WRONG_KEY, Cluster, main

sys.path[:0] = [os.path.join(ROOT, "tests", "tools")]

from make_volume import describe  # noqa: E402

VOLUMES = os.path.join(ROOT, "tests", "vectors", "volumes")


class FrozenVolume(unittest.TestCase):
    def open_volume(self, version):
        cluster = Cluster(osts=2)
        self.addCleanup(cluster.end)
        os.mkdir(cluster.dir)
        subprocess.run(["tar", "-C", cluster.dir, "-xJf", os.path.join(VOLUMES, version, "volume.tar.xz")], check=True)
        cluster.up()
        with open(os.path.join(VOLUMES, version, "expected.json"), encoding="ascii") as file:
            return cluster, json.load(file)

    def check_directory(self, cluster, directory, expected):
        path = "/" + directory
        self.assertEqual(sorted(entry["name"] for entry in cluster.entries(path)), expected["names_when_locked"])
        if expected["key"]:
            locked = path + "/" + expected["names_when_locked"][0]
            cluster.expect(KEY_NEEDED, "mkdir", path + "/new")
            cluster.expect(WRONG_KEY, "unlock", path, "--key-file", cluster.new_key("wrong"))
            self.assertEqual(cluster.ok("debug", "context", locked).out.hex(), expected["context"])
            key = cluster.local("right", bytes.fromhex(expected["key"]))
            cluster.ok("unlock", path, "--key-file", key)
        self.maxDiff = None
        local = cluster.file("copy-of-" + directory)
        cluster.ok("get", "-r", path + "/tree", local)
        self.assertEqual(describe(local), {key: expected[key] for key in ("names", "hard_links")})

    def check_changes(self, cluster, directory):
        new = "/%s/new" % directory
        cluster.ok("put", cluster.local("content", b"written later"), new)
        self.assertEqual(cluster.ok("cat", new).out, b"written later")
        grown = "/%s/tree/sizes/4097" % directory
        cluster.ok("write", grown, "--offset", "4096", stdin=b"!!")
        self.assertEqual(cluster.ok("cat", grown).out[4096:], b"!!")
        cluster.ok("rm", "-r", "/%s/tree" % directory)
        self.assertEqual([entry["name"] for entry in cluster.entries("/" + directory)], ["new"])

    def test_every_frozen_volume_opens(self):
        versions = sorted(os.listdir(VOLUMES))
        self.assertTrue(versions)
        for version in versions:
            cluster, expected = self.open_volume(version)
            cluster.ok("fsck")
            for directory, facts in expected.items():
                with self.subTest(version=version, directory=directory):
                    self.check_directory(cluster, directory, facts)
                    self.check_changes(cluster, directory)
            cluster.ok("fsck")


if __name__ == "__main__":
    main()
