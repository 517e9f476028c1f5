"""Servers as processes: what they take from the system, and how they end when they cannot start."""

import os
import resource
import shutil
import socket
import subprocess
import tempfile
import unittest

from cluster import BIN, main, wait_until

FEW = 256


def few_files_at_first():
    """As a login shell or a service manager leaves it: little, and leave to have more."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


class ServerProcess(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="nacre-test-")
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)

    def begin_mds(self, address, *options):
        """A metadata server; its log goes to mds.log."""
        words = [os.path.join(BIN, "nacre-mds"), "--data_dir", os.path.join(self.home, "mdt0"), "--listen", address, *options]
        with open(os.path.join(self.home, "mds.log"), "wb") as log:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=few_files_at_first)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def log(self):
        with open(os.path.join(self.home, "mds.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def test_a_server_may_open_as_many_files_as_the_administrator_allows(self):
        process = self.begin_mds("127.0.0.1:0")
        wait_until(lambda: "ready:" in self.log(), "the server serves")
        with open("/proc/%d/limits" % process.pid) as limits:
            soft, hard = next(line for line in limits if line.startswith("Max open files")).split()[3:5]
        self.assertEqual(soft, hard)

    def test_the_allocator_is_the_one_that_figures_were_measured_with(self):
        """Nothing calls it by name, so nothing but its absence would be noticed: bulk transfers several times slower."""
        process = self.begin_mds("127.0.0.1:0")
        wait_until(lambda: "ready:" in self.log(), "the server serves")
        with open("/proc/%d/maps" % process.pid) as maps:
            self.assertIn("libtcmalloc_minimal", maps.read())
        for program in ("nacre", "nacre-mds", "nacre-oss"):
            words = ["ldd", os.path.join(BIN, program)]
            libraries = subprocess.run(words, check=True, capture_output=True, text=True).stdout
            loaded = [line.split()[0] for line in libraries.splitlines() if line.strip()]
            allocator = next((i for i, name in enumerate(loaded) if "libtcmalloc_minimal" in name), None)
            self.assertIsNotNone(allocator, program)
            self.assertLess(allocator, next(i for i, name in enumerate(loaded) if name.startswith("libc.so")), program)

    def test_a_session_timeout_that_would_evict_everybody_is_refused(self):
        process = self.begin_mds("127.0.0.1:0", "--session-timeout", "0s")
        self.assertNotEqual(process.wait(timeout=120), 0)
        self.assertIn("session_timeout is below 2s", self.log())

    def test_an_ost_that_waits_for_its_mdt_says_so_and_stops_when_told(self):
        with socket.socket() as nobody:  # bound, and does not listen
            nobody.bind(("127.0.0.1", 0))
            words = [os.path.join(BIN, "nacre-oss"), "--data_dir", os.path.join(self.home, "ost0"), "--listen", "127.0.0.1:0",
                     "--mds", "127.0.0.1:%d" % nobody.getsockname()[1]]
            with open(os.path.join(self.home, "mds.log"), "wb") as log:
                process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            wait_until(lambda: "waiting for MDT0000" in self.log(), "it says whom it waits for")
            process.terminate()
            self.assertEqual(process.wait(timeout=120), 0, self.log())
        self.assertNotIn("ready:", self.log())

    def test_a_port_that_is_taken_ends_a_server_with_one_clean_message(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            process = self.begin_mds("127.0.0.1:%d" % taken.getsockname()[1])
            self.assertEqual(process.wait(timeout=120), 1, self.log())
        log = self.log()
        self.assertEqual(log.count("cannot listen on"), 1, log)
        for word in ("being shutdown", "broken promise"):
            self.assertNotIn(word, log)
        # And leaves a data directory with which it starts as soon as the port is free.
        self.begin_mds("127.0.0.1:0")
        wait_until(lambda: "ready:" in self.log(), "the server serves")


if __name__ == "__main__":
    main()
