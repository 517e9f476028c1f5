"""Servers never see clear text: canaries in contents, names, symlink targets and the key itself are looked for in every
file below the cluster's directory, in the servers' memory and in the traffic. The same scan, over the same tree in a plain
directory, finds every one of them: it can see."""

import os
import random
import signal
import string
import subprocess
import sys
import unittest

from cluster import SEED, TOOLS, Cluster, main


class Canaries:
    """Clear text that stands nowhere else, without anything in common."""

    def __init__(self, rng):
        make = lambda: "".join(rng.choices(string.ascii_letters + string.digits, k=24))  # noqa: E731
        self.contents = [make() for _ in range(6)]
        self.names = [make() for _ in range(5)]
        self.long_name = make() * 10 + "0123456789"  # 250 bytes: its ciphertext is the longest there is
        self.targets = [make() for _ in range(3)]
        self.all = self.contents + self.names + [self.long_name[:24]] + self.targets


def make_tree(top, canaries):
    names, contents, targets = canaries.names, canaries.contents, canaries.targets
    os.makedirs(os.path.join(top, names[0], names[1]))
    places = [(os.path.join(top, names[2]), contents[0]),                                    # a few bytes in one page
              (os.path.join(top, names[0], "kept"), contents[0]),
              (os.path.join(top, names[0], names[3]), contents[1] * 1000),                   # several pages, the last in part
              (os.path.join(top, names[0], names[1], names[4]), (contents[2] + "\n") * 120000),  # several requests and stripes
              (os.path.join(top, canaries.long_name), contents[3] + "x" * 4072)]             # exactly one page
    for path, text in places:
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    os.symlink(targets[0], os.path.join(top, "short-link"))
    os.symlink("../" + (targets[1] + "/") * 60, os.path.join(top, "long-link"))


class BlindServers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("reading servers' memory and capturing traffic needs root")
        cls.cluster = Cluster(osts=3)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()
        # Text, so that it can be looked for as the canaries are.
        cls.key_text = "".join(random.SystemRandom().choices(string.ascii_letters + string.digits, k=64))
        cls.key = cls.cluster.local("key", cls.key_text.encode())

    def capture(self, name):
        ports = sorted({row["address"].rpartition(":")[2] for row in self.cluster.targets().values()})
        path = self.cluster.file(name)
        words = [sys.executable, os.path.join(TOOLS, "capture.py")]
        for port in ports:
            words += ["--port", port]
        process = subprocess.Popen(words + [path], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.assertIn("capturing", process.stdout.readline())
        return process, path

    def end_capture(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=120), 0, "the capture is not complete")

    def scan(self, canaries, *words):
        command = [sys.executable, os.path.join(TOOLS, "canary_scan.py")]
        for canary in canaries:
            command += ["--canary", canary]
        return subprocess.run(command + list(words), capture_output=True, text=True, timeout=600)

    def pid_words(self):
        return [word for pid in self.cluster.pids().values() for word in ("--pid", str(pid))]

    def use(self, tree, directory, canaries):
        """Every command that sends names, targets or contents."""
        ok, top = self.cluster.ok, directory + "/tree"
        ok("setstripe", "-c", "3", "-S", "64K", directory)
        ok("put", "-r", tree, top)
        ok("get", "-r", top, self.cluster.file("back-from-" + directory.strip("/")))
        ok("ls", "-l", "-R", top)
        ok("find", top)
        file = top + "/" + canaries.names[2]
        ok("cat", file)
        ok("write", file, "--offset", "10", stdin=canaries.contents[4].encode())
        ok("write", file, "--offset", "5000", stdin=canaries.contents[4].encode() * 300)
        ok("truncate", "-s", "5500", file)
        ok("punch", file, "--offset", "100", "--length", "4200")
        ok("write", file, stdin=canaries.contents[5].encode() * 20)
        ok("mv", file, top + "/" + canaries.names[2] + "moved")
        ok("ln", top + "/" + canaries.names[2] + "moved", file)
        ok("ln", "-s", canaries.targets[2], top + "/link")
        ok("readlink", top + "/link")
        ok("mkdir", top + "/" + canaries.names[0] + "/" + canaries.names[4])
        ok("rmdir", top + "/" + canaries.names[0] + "/" + canaries.names[4])
        ok("stat", file)
        self.cluster.run("cat", top + "/" + canaries.names[0] + "/" + canaries.names[3] + "-is-not-here")

    def test_servers_hold_and_see_no_clear_text(self):
        canaries = Canaries(random.Random(SEED))
        tree = self.cluster.file("tree")
        make_tree(tree, canaries)
        process, traffic = self.capture("encrypted.pcap")
        self.cluster.ok("encrypt", "/vault", "--key-file", self.key)
        self.use(tree, "/vault", canaries)
        self.cluster.ok("lock", "/vault")
        self.cluster.ok("ls", "-l", "-R", "/vault")
        self.cluster.ok("unlock", "/vault", "--key-file", self.key)
        self.end_capture(process)
        everything = ["--dir", self.cluster.dir, "--capture", traffic] + self.pid_words()
        seen = self.scan(canaries.all + [self.key_text], *everything)
        self.assertEqual(seen.returncode, 0, seen.stdout + seen.stderr)
        self.the_scan_sees(tree, canaries)

    def the_scan_sees(self, tree, canaries):
        process, traffic = self.capture("plain.pcap")
        self.cluster.ok("mkdir", "/plain")
        self.use(tree, "/plain", canaries)
        self.end_capture(process)
        for place, wanted, words in (("traffic", canaries.all, ["--capture", traffic]),
                                     ("memory", canaries.names, self.pid_words()),
                                     ("files", canaries.all, ["--dir", self.cluster.dir])):
            seen = self.scan(wanted, "--expect-all", *words)
            self.assertEqual(seen.returncode, 0, "%s: %s%s" % (place, seen.stdout, seen.stderr))

    def test_messages_and_logs_of_failures_carry_no_clear_text(self):
        canaries = Canaries(random.Random(SEED + 1))
        self.cluster.ok("encrypt", "/failures", "--key-file", self.key)
        name = canaries.names[0]
        self.cluster.ok("mkdir", "/failures/" + name)
        for words in (("mkdir", "/failures/" + name), ("rmdir", "/failures/" + canaries.names[1]),
                      ("cat", "/failures/" + name), ("mkdir", "/failures/" + "n" * 256),
                      ("mv", "/failures/" + name, "/failures/" + name + "/" + canaries.names[2])):
            self.assertNotEqual(self.cluster.run(*words).code, 0, words)
        seen = self.scan(canaries.all, "--dir", self.cluster.dir, *self.pid_words())
        self.assertEqual(seen.returncode, 0, seen.stdout + seen.stderr)


if __name__ == "__main__":
    main()
