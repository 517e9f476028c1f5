"""Servers are killed and started again, over and over, while clients work: the commands only wait and finish, the tree is
what they made of it, nothing is ever sent again with other bytes, and the servers have seen no clear text."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

from cluster import FULL, OK, SEED, TOOLS, Cluster, main
from servers import Servers
from tree_model import CANARY, TreeModel

sys.path.insert(0, TOOLS)
import bulk_writes  # noqa: E402

KILLS = int(os.environ.get("NACRE_KILLS", "0")) or (200 if FULL else 4)  # of each server
STEPS_IN_ONE_CAPTURE = 25


class Killer(threading.Thread):
    """Kills each server so many times, at random moments, sometimes a second one while the first is away."""

    def __init__(self, servers, kills, seed):
        super().__init__()
        self.servers, self.rng = servers, random.Random(seed)
        self.left = dict.fromkeys(servers, kills)
        self.kills = 0
        self.stop = threading.Event()
        self.fault = None

    def pick(self):
        return self.rng.choice([name for name, left in self.left.items() if left])

    def run(self):
        try:
            while any(self.left.values()) and not self.stop.is_set():
                time.sleep(self.rng.random())
                names = {self.pick()}
                if self.rng.randrange(4) == 0:
                    names.add(self.pick())
                for name in sorted(names):
                    self.servers[name].kill()
                    self.left[name] -= 1
                    self.kills += 1
                time.sleep(self.rng.random() * 0.3)
                for name in sorted(names):
                    self.servers[name].start(wait=False)
                for name in names:
                    self.servers[name].wait_until_serving()
                    if not self.servers[name].alive():
                        raise AssertionError("%s ended as it started" % name)
        except BaseException as fault:  # the test must hear of it
            self.fault = fault


class Kills(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("capturing traffic needs root")
        self.cluster = Cluster(osts=2)
        self.addCleanup(self.cluster.end)
        self.cluster.up()
        self.cluster.ok("encrypt", "/vault", "--key-file", self.cluster.new_key())
        self.cluster.ok("setstripe", "-c", "2", "-S", "256K", "/vault")
        self.servers = Servers(self.cluster)
        self.addCleanup(self.servers.kill_all)
        ports = [server.address[1] for name, server in self.servers.items() if name.startswith("ost")]
        self.ledger = bulk_writes.Ledger(ports)

    def captured(self, work):
        path = self.cluster.file("traffic.pcap")
        words = [sys.executable, os.path.join(TOOLS, "capture.py")]
        for port in sorted(self.ledger.ports):
            words += ["--port", str(port)]
        with subprocess.Popen(words + [path], stdout=subprocess.PIPE, text=True) as process:
            try:
                self.assertIn("capturing", process.stdout.readline())
                work()
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(timeout=300), 0, "the capture is not complete")
            finally:
                process.kill()
        self.ledger.read(path)
        os.unlink(path)

    def run_command(self, words, stdin):
        done = self.cluster.run(*words, stdin=stdin)
        self.assertEqual(done.code, OK, str(done) + self.cluster.logs())

    def test_commands_only_wait_while_every_server_is_killed_again_and_again(self):
        tree = TreeModel(self.cluster, "/vault", random.Random(SEED), self.run_command)
        killer = Killer(self.servers, KILLS, SEED + 1)
        began = time.monotonic()
        killer.start()
        self.addCleanup(killer.join)
        self.addCleanup(killer.stop.set)

        def steps():
            for _ in range(STEPS_IN_ONE_CAPTURE):
                tree.step()

        while killer.is_alive():
            self.captured(steps)
        if killer.fault:
            raise killer.fault
        self.assertEqual(tree.differences(), [])
        self.cluster.ok("fsck")
        for name, server in self.servers.items():
            self.assertTrue(server.alive(), name)
        report = self.ledger.report()
        print("%d kills in %d s, %d commands; on the wire: %s" %
              (killer.kills, time.monotonic() - began, tree.commands, report), file=sys.stderr)
        self.assertEqual(report["differences"], [])
        self.assertGreater(report["requests"], 0, "the wire was not read: nothing is proven")
        self.no_clear_text()

    def no_clear_text(self):
        self.servers.kill_all()
        command = [sys.executable, os.path.join(TOOLS, "canary_scan.py"), "--canary", CANARY]
        for name in self.servers:
            command += ["--dir", self.cluster.target_dir(name)]
        command += ["--dir", os.path.join(self.cluster.dir, "log")]
        seen = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        self.assertEqual(seen.returncode, 0, seen.stdout + seen.stderr)


if __name__ == "__main__":
    main()
