"""Nothing acknowledged is lost: kill -9 of one server or all of them, in the middle of work or after it. What a finished
command wrote is there afterwards; what was cut off says so."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

import made_tree
from cluster import BIN, FULL, MIB, OK, SEED, Cluster, main, processes_of, wait_until
from servers import Servers

UNFINISHED_CLIENT = os.environ.get("NACRE_UNFINISHED_CLIENT",
                                   os.path.join(os.path.dirname(BIN), "tests", "unfinished_client"))


class Crash(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(osts=2)
        self.addCleanup(self.cluster.end)
        self.cluster.up()
        self.key = self.cluster.new_key()
        self.rng = random.Random(SEED)
        self.cluster.ok("encrypt", "/vault", "--key-file", self.key)

    def kill_servers_at_once(self):
        pids = self.cluster.pids()
        self.assertEqual(len(pids), 3)
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not set(pids.values()) & set(processes_of(self.cluster.home)), "all servers are gone")

    def start_all(self):
        for target in ("mdt0", "ost0", "ost1"):
            self.cluster.start(target)

    def test_what_a_finished_put_wrote_survives_the_loss_of_every_server(self):
        source = self.cluster.file("source")
        made_tree.make_tree(source, SEED)
        self.cluster.ok("put", "-r", source, "/vault/tree")
        self.kill_servers_at_once()
        self.start_all()
        back = self.cluster.file("back")
        self.cluster.ok("get", "-r", "/vault/tree", back)
        self.assertEqual(made_tree.differences(source, back), [])

    def test_every_finished_change_survives_the_loss_of_every_server(self):
        rounds = 20 if FULL else 5
        content = {}
        for number in range(rounds):
            path = "/vault/f%d" % number
            content[path] = bytearray(self.rng.randbytes(self.rng.randrange(1, 200_000)))
            self.cluster.ok("put", self.cluster.local("x", bytes(content[path])), path)
            changed = self.rng.choice(sorted(content))
            self.change(changed, content[changed])
            self.kill_servers_at_once()
            self.start_all()
            for path, bytes_wanted in content.items():
                self.assertEqual(self.cluster.ok("cat", path).out, bytes(bytes_wanted), path)
            self.assertEqual(sorted(self.cluster.ok("ls", "/vault").text.split()), sorted(p[7:] for p in content))
            self.cluster.ok("fsck")

    def change(self, path, content):
        piece = self.rng.randbytes(self.rng.randrange(1, 20_000))
        offset = self.rng.randrange(0, len(content) + 1)
        self.cluster.ok("write", path, "--offset", str(offset), stdin=piece)
        content[offset:offset + len(piece)] = piece
        size = self.rng.randrange(1, len(content) + 10_000)
        self.cluster.ok("truncate", "-s", str(size), path)
        content[size:] = b""
        content.extend(bytes(size - len(content)))

    def test_the_metadata_server_keeps_what_it_acknowledged(self):
        made = []
        for number in range(10):
            self.cluster.ok("mkdir", "/vault/d%d" % number)
            self.cluster.ok("put", self.cluster.local("x", b"%d" % number), "/vault/d%d/file" % number)
            self.cluster.ok("mv", "/vault/d%d" % number, "/vault/e%d" % number)
            made.append("e%d" % number)
        self.cluster.ok("rm", "-r", "/vault/" + made.pop())
        self.cluster.kill("mdt0")
        self.cluster.start("mdt0")
        self.assertEqual(sorted(self.cluster.ok("ls", "/vault").text.split()), made)
        for name in made:
            self.assertEqual(self.cluster.ok("cat", "/vault/%s/file" % name).out, name[1:].encode())

    def put_while_killing(self, local, path, target):
        before, pid = self.stored_bytes(), self.cluster.pids()[target]
        put = self.cluster.begin("put", local, path)
        self.addCleanup(put.kill)
        wait_until(lambda: put.poll() is not None or self.stored_bytes() > before + 4 * MIB, "the put is under way")
        os.kill(pid, signal.SIGKILL)
        time.sleep(self.rng.random())
        self.cluster.start(target)
        _, error = put.communicate(timeout=300)
        return put.returncode, error

    def test_a_put_only_waits_while_servers_are_killed(self):
        content = os.urandom(256 * MIB)
        local = self.cluster.local("big", content)
        self.cluster.ok("setstripe", "-c", "2", "-S", "1M", "/vault")
        targets = ("ost0", "mdt0", "ost1")
        rounds = 60 if FULL else 6
        round_number = 0
        # A kill may come when everything happens to be stable: at least one must have come earlier.
        while round_number < rounds or (self.replayed_writes() == 0 and round_number < rounds + 30):
            path = "/vault/put-%d" % round_number
            code, error = self.put_while_killing(local, path, targets[round_number % 3])
            self.assertEqual(code, OK, error)
            self.assertEqual(self.cluster.ok("cat", path).out, content)
            self.cluster.ok("rm", path)
            round_number += 1
        print("%d puts, %d writes replayed" % (round_number, self.replayed_writes()))
        self.assertGreater(self.replayed_writes(), 0)

    def replayed_writes(self):
        total = 0
        for index in range(2):
            with open(os.path.join(self.cluster.dir, "log", "ost%d.log" % index), encoding="utf-8") as log:
                total += sum(int(number) for number in re.findall(r"recovered: (\d+) writes replayed", log.read()))
        return total

    def stored_bytes(self):
        total = 0
        for path in self.cluster.object_files():
            try:
                total += os.stat(path).st_blocks * 512
            except FileNotFoundError:  # destroyed since it was listed
                pass
        return total

    def test_a_client_killed_during_a_put_leaves_exact_sizes(self):
        local = self.cluster.local("big", self.rng.randbytes(64 * MIB))
        before = self.stored_bytes()
        put = self.cluster.begin("put", local, "/vault/cut")
        wait_until(lambda: put.poll() is not None or self.stored_bytes() > before + 4 * MIB, "the put is under way")
        put.kill()
        put.communicate()
        if self.cluster.run("stat", "/vault/cut").code == OK:
            content = self.cluster.ok("cat", "/vault/cut").out
            self.assertEqual(self.cluster.entry("/vault/cut")["size"], len(content))
        self.cluster.ok("fsck")
        self.cluster.ok("put", local, "/vault/cut")
        self.cluster.ok("rm", "/vault/cut")
        self.assertEqual(self.cluster.ok("ls", "/vault").out, b"")

    def test_objects_of_removed_files_are_destroyed_also_across_restarts(self):
        for number in range(20):
            self.cluster.ok("put", self.cluster.local("x", self.rng.randbytes(300_000)), "/vault/f%d" % number)
        self.assertGreater(self.stored_bytes(), 20 * 290_000)
        # While the OSTs are away nothing can be destroyed; the wish outlives the metadata server.
        for target in ("ost0", "ost1"):
            self.cluster.kill(target)
        for number in range(20):
            self.cluster.ok("rm", "/vault/f%d" % number)
        self.cluster.kill("mdt0")
        self.start_all()
        wait_until(lambda: self.stored_bytes() < 300_000, "the objects of removed files are gone")
        self.cluster.ok("fsck")

    def test_a_client_that_is_not_heard_in_time_is_evicted_and_told(self):
        """Stopped in the middle of a put, it comes back when the cluster has gone on without it."""
        servers = Servers(self.cluster)
        self.addCleanup(servers.kill_all)
        servers["mdt0"].kill()
        servers["mdt0"].configure("session_timeout", "2s")
        servers["mdt0"].start()
        before = self.stored_bytes()
        with subprocess.Popen(self.cluster.environment_command(["put", "-", "/vault/late"]), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.cluster.environment) as put:
            try:
                put.stdin.write(self.rng.randbytes(32 * MIB))
                wait_until(lambda: self.stored_bytes() > before + 4 * MIB, "the put is under way")
                put.send_signal(signal.SIGSTOP)
                # The OST that it writes to.
                wait_until(lambda: any("sessions are over" in servers[t].log_text() for t in ("ost0", "ost1")), "it is fenced")
                size = self.cluster.entry("/vault/late")["size"]
                content = self.cluster.ok("cat", "/vault/late").out
                self.assertEqual(size, len(content))
                put.send_signal(signal.SIGCONT)
                _, err = put.communicate(self.rng.randbytes(8 * MIB), timeout=120)
            finally:
                put.kill()
        self.assertEqual(put.returncode, 15, err)
        self.assertIn(b"evicted", err)
        counters = self.cluster.server_counters()["mdt0000"]
        self.assertEqual(counters["sessions_evicted"], 1)
        self.assertEqual(counters["evictions_unconfirmed"], 0)
        self.assertEqual(self.cluster.ok("cat", "/vault/late").out, content, "not one page after it was fenced")
        self.cluster.ok("fsck")

    def test_an_unlink_that_was_lost_gives_the_file_back_with_its_data(self):
        """Its objects may go only when the unlink can no longer be lost."""
        servers = Servers(self.cluster)
        self.addCleanup(servers.kill_all)
        mds = servers["mdt0"]
        mds.kill()
        mds.configure("commit_interval", "1h")  # nothing becomes stable that nobody asks for
        mds.configure("recovery_window", "2s")  # the client never comes back
        mds.start()
        content = self.rng.randbytes(3 * MIB)
        self.cluster.ok("put", self.cluster.local("x", content), "/kept")
        stored = self.stored_bytes()
        synced, slow = self.unlink_that_is_never_synced(mds, "/kept")
        time.sleep(3)  # in which the background must not destroy anything
        self.assertGreaterEqual(self.stored_bytes(), stored)
        mds.process.send_signal(signal.SIGKILL)
        slow.kill()  # else it would hold the dead until the sync's time has come
        mds.kill()
        shutil.rmtree(os.path.join(self.cluster.target_dir("mdt0"), "db"))
        os.rename(synced, os.path.join(self.cluster.target_dir("mdt0"), "db"))  # the rest is lost with the power
        mds.start()
        self.assertEqual(self.cluster.ok("cat", "/kept").out, content)
        # And once it is not lost, the space comes back.
        self.cluster.ok("rm", "/kept")
        wait_until(lambda: self.stored_bytes() < stored - 2 * MIB, "the objects of the removed file are gone")

    def unlink_that_is_never_synced(self, mds, path):
        """By a client that is gone then, at a server whose syncs take longer than the test. A copy of
        what was synced, and what slows it."""
        environment = dict(self.cluster.environment, NACRE_MDS="%s:%d" % mds.address)
        with subprocess.Popen([UNFINISHED_CLIENT, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=environment) as client:
            try:
                self.assertEqual(client.stdout.readline(), "ready\n")
                # Its session was made stable before it was told of it.
                synced = self.cluster.file("synced-db")
                shutil.copytree(os.path.join(self.cluster.target_dir("mdt0"), "db"), synced)
                slow = subprocess.Popen(["strace", "-f", "-p", str(mds.process.pid), "-o", os.devnull, "-e", "trace=fdatasync",
                                         "-e", "inject=fdatasync:delay_enter=%d" % (60 * 10**6)], stderr=subprocess.PIPE)
                self.addCleanup(slow.communicate)
                self.addCleanup(slow.kill)
                self.assertIn(b"attached", slow.stderr.readline())
                client.stdin.write("\n")
                client.stdin.flush()
                self.assertEqual(client.stdout.readline(), "done\n")
            finally:
                client.kill()
        return synced, slow


if __name__ == "__main__":
    main()
