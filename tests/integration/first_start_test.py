"""Of a real server's first start: every directory it makes, and every name of its identity, is on stable storage before it
serves anybody. What happens when one is not, tests/power_cut/first_start_cut_test.cc tries; this looks at the programs."""

import os
import re
import unittest

from cluster import Cluster, main, wait_until
from servers import Server

# With descriptors resolved to paths (strace -y).
MKDIR = re.compile(r'mkdir\("([^"]+)", [^)]*\) = 0')
RENAME = re.compile(r'rename\("[^"]+", "([^"]+)"\) = 0')
FSYNC = re.compile(r"fsync\(\d+<([^>]+)>\) += 0")
SYNCFS = re.compile(r"syncfs\(\d+<([^>]+)>\) += 0")


class FirstStart(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(osts=1)
        self.addCleanup(self.cluster.end)

    def traced_start(self, name, address):
        """The calls of a first start until it serves, in order."""
        server = Server(self.cluster, name, address)
        trace = self.cluster.file(name + ".calls")
        words = ["strace", "-D", "-f", "-y", "-s", "200", "-qq", "-o", trace, "-e", "trace=mkdir,rename,fsync,syncfs,write", "-e", "signal=none"]
        server.command_before = words
        server.start(wait=False)
        self.addCleanup(server.kill)
        wait_until(lambda: not server.alive() or "ready:" in server.log_text(), name + " serves")
        self.assertTrue(server.alive(), server.log_text())

        def text():
            with open(trace, encoding="utf-8", errors="replace") as calls:
                return calls.read()

        wait_until(lambda: "ready:" in text(), "the trace has it all")
        return text().partition("ready:")[0].splitlines()

    def names_not_synced(self, calls):
        """Directories and files below the cluster's that have a new name which nobody synced."""
        waiting = set()
        for call in calls:
            if made := MKDIR.search(call) or RENAME.search(call):
                if made.group(1).startswith(self.cluster.dir):
                    waiting.add(os.path.normpath(made.group(1)))
            elif synced := FSYNC.search(call):
                waiting = {path for path in waiting if os.path.dirname(path) != synced.group(1)}
            elif SYNCFS.search(call):
                waiting.clear()
        return waiting

    def test_every_name_a_server_makes_is_stable_before_it_serves(self):
        # Plans the cluster and its configuration; what the servers made is thrown away.
        self.cluster.up()
        addresses = {name: row["address"] for name, row in self.cluster.targets().items()}
        for name in addresses:
            self.cluster.stop(name)
            os.rename(self.cluster.target_dir(name), self.cluster.file(name + ".old"))
            open(os.path.join(self.cluster.dir, "log", name + ".log"), "w", encoding="utf-8").close()
        for name in ("mdt0", "ost0"):
            with self.subTest(server=name):
                calls = self.traced_start(name, addresses[name])
                made = [call for call in calls if MKDIR.search(call) and self.cluster.target_dir(name) in call]
                self.assertGreaterEqual(len(made), 2, "the trace shows no start")
                self.assertEqual(self.names_not_synced(calls), set())


if __name__ == "__main__":
    main()
