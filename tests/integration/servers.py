"""Servers of a cluster that a test starts itself, so that it can kill them at any time, or under strace at a certain call.

    servers = Servers(cluster)          # takes over what `nacre dev up` started
    servers["ost0"].kill()
    servers["ost0"].start()
    servers["ost0"].start(inject="fdatasync:signal=SIGKILL:when=3")
"""

import os
import random
import signal
import socket
import subprocess
import threading
import unittest

from cluster import BIN, OK, SEED, Cluster, wait_until


class Server:
    def __init__(self, cluster, name, address):
        self.cluster, self.name = cluster, name
        host, _, port = address.rpartition(":")
        self.address = (host, int(port))
        self.process = None
        self.command_before = []  # what runs it, if something does
        self.log = os.path.join(cluster.dir, "log", name + ".log")

    def command(self):
        program = "nacre-mds" if self.name.startswith("mdt") else "nacre-oss"
        return [os.path.join(BIN, program), "--config", os.path.join(self.cluster.dir, "etc", self.name + ".toml")]

    def configure(self, option, value):
        """From the next start on."""
        with open(self.command()[2], "a", encoding="utf-8") as config:
            config.write('%s = "%s"\n' % (option, value))

    def start(self, inject=None, wait=True, only=()):
        """inject: what strace is to do (a list, or one expression); only: at calls on these files."""
        command = self.command()
        if inject:
            expressions = [inject] if isinstance(inject, str) else list(inject)
            # -D: the server stays our own child, and strace goes when it does.
            trace = ["strace", "-D", "-f", "-qq", "-o", self.trace_file()]
            trace += ["-e", "trace=" + ",".join(sorted({word.split(":")[0] for word in expressions}))]
            for path in only:
                trace += ["-P", path]
            for expression in expressions:
                trace += ["-e", "inject=" + expression]
            command = trace + command
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command_before + command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.cluster.environment, start_new_session=True)
        if wait:
            self.wait_until_serving()

    def trace_file(self):
        return os.path.join(self.cluster.home, self.name + ".strace")

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def serves(self):
        try:
            with socket.create_connection(self.address, timeout=1):
                return True
        except OSError:
            return False

    def wait_until_serving(self):
        wait_until(lambda: not self.alive() or self.serves(), self.name + " serves or has ended")

    def kill(self):
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(timeout=60)

    def wait_until_ended(self, seconds=120):
        """The exit code; negative: the signal."""
        return self.process.wait(timeout=seconds)

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()


class Servers(dict):
    def __init__(self, cluster):
        super().__init__()
        for name, row in sorted(cluster.targets().items()):
            cluster.stop(name)
            self[name] = Server(cluster, name, row["address"])
        for server in self.values():
            server.start(wait=False)
        for server in self.values():
            server.wait_until_serving()

    def kill_all(self):
        for server in self.values():
            if server.alive():
                server.process.send_signal(signal.SIGKILL)
        for server in self.values():
            server.kill()

    def start_all(self):
        for server in self.values():
            if not server.alive():
                server.start(wait=False)
        for server in self.values():
            server.wait_until_serving()


class Revival(threading.Thread):
    """Starts a server again, without strace, as soon as it has been killed."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.killed, self.fault = server, threading.Event(), None
        self.enough = threading.Event()

    def run(self):
        try:
            while self.server.alive() and not self.enough.is_set():
                self.enough.wait(0.02)
            if self.enough.is_set():
                return
            self.killed.set()
            self.server.start()
            if not self.server.alive():
                raise AssertionError("it does not start again: " + self.server.log_text()[-2000:])
        except BaseException as fault:
            self.fault = fault

    def end(self):
        """The server runs, and without strace."""
        self.enough.set()
        self.join(timeout=300)
        if self.fault:
            raise self.fault
        if not self.killed.is_set():
            self.server.kill()
            self.server.start()


class ServersTest(unittest.TestCase):
    """A cluster of two OSTs with an encrypted /vault, whose servers the test starts and kills itself."""

    def setUp(self):
        self.rng = random.Random(SEED)
        self.cluster = Cluster(osts=2)
        self.addCleanup(self.cluster.end)
        self.cluster.up()
        self.cluster.ok("encrypt", "/vault", "--key-file", self.cluster.new_key())
        self.servers = Servers(self.cluster)
        self.addCleanup(self.servers.kill_all)

    def run_command(self, words, stdin):
        done = self.cluster.run(*words, stdin=stdin)
        self.assertEqual(done.code, OK, str(done) + self.cluster.logs())
