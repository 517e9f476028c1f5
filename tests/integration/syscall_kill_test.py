"""A process is killed (kill -9) at its N-th call of a system call: the boundaries at which something is done or not. A
server that comes back costs its clients nothing but time; a writer that dies with it leaves every page whole."""

import os
import subprocess
import sys

from cluster import FULL, OK, PAGE, main
from servers import Revival, ServersTest
from tree_model import TreeModel

SERVER_CALLS = {
    "ost0": ["pwritev", "fdatasync", "fsync", "write", "openat", "mkdir", "rename", "unlink", "ftruncate", "fallocate",
             "sendmsg", "syncfs"],
    "mdt0": ["write", "fdatasync", "fsync", "openat", "rename", "unlink", "ftruncate", "sendmsg"],
}
CLIENT_CALLS = ["sendmsg", "recvmsg", "read", "openat", "write"]
STEPS_MAX = 12  # a call that has not come by then does not come


def cases(rng):
    """(server, call, number): in full every call at its first few times and at some later ones."""
    every = [(server, call) for server, calls in SERVER_CALLS.items() for call in calls]
    if not FULL:
        # One of each server whose moments matter most, and some others.
        chosen = [("ost0", "pwritev"), ("ost0", "fdatasync"), ("mdt0", "fdatasync")] + rng.sample(every, 2)
        return [(server, call, rng.choice([1, 2, 3, rng.randrange(1, 30)])) for server, call in chosen]
    numbers = [1, 2, 3, 4, 6, 9, 14] + [rng.randrange(15, 200) for _ in range(3)]
    return [(server, call, number) for server, call in every for number in numbers]


class SyscallKill(ServersTest):
    def setUp(self):
        super().setUp()
        self.cluster.ok("setstripe", "-c", "2", "-S", "64K", "/vault")

    def start_injected(self, name, call, number):
        """Under strace; it may be killed already while it starts."""
        self.servers[name].kill()
        self.servers[name].start(inject="%s:signal=SIGKILL:when=%d" % (call, number), wait=False)
        return Revival(self.servers[name])

    def test_a_server_killed_at_any_call_costs_its_clients_nothing_but_time(self):
        tree = TreeModel(self.cluster, "/vault", self.rng, self.run_command)
        killed = 0
        for server, call, number in cases(self.rng):
            with self.subTest(server=server, call=call, number=number):
                revival = self.start_injected(server, call, number)
                revival.start()
                for _ in range(STEPS_MAX if not FULL else 4):
                    tree.step()
                    if revival.killed.is_set():
                        break
                killed += revival.killed.is_set()
                revival.end()
                # And once more between two commands: what has finished needs no client to come back.
                tree.step()
                self.servers[server].kill()
                self.servers[server].start()
                self.assertEqual(tree.differences(), [])
        print("%d kills, %d commands" % (killed, tree.commands), file=sys.stderr)
        self.assertGreater(killed, 0, "nothing was killed: nothing is proven")

    def test_a_writer_and_a_server_that_die_together_leave_every_page_whole(self):
        pages, mixed, killed = 2000, 0, 0
        self.servers["ost0"].configure("commit_interval", "20ms")
        self.servers["ost0"].configure("recovery_window", "1s")  # the writer never comes back
        old = self.rng.randbytes(pages * PAGE)
        for _ in range(60 if FULL else 4):
            new = self.rng.randbytes(pages * PAGE)
            self.cluster.ok("put", self.cluster.local("old", old), "/vault/pages")
            call = self.rng.choice(["pwritev", "pwritev", "fdatasync", "write", "sendmsg"])
            revival = self.start_injected("ost0", call, self.rng.randrange(1, 12))
            self.servers["ost0"].wait_until_serving()
            writer = self.cluster.begin("write", "/vault/pages", "--offset", "0", stdin=self.cluster.local("new", new))
            revival.start()
            if self.rng.randrange(3):
                revival.killed.wait(timeout=5)
            else:
                revival.killed.wait(timeout=self.rng.random() * 0.2)
            writer.kill()
            writer.communicate()
            killed += revival.killed.is_set()
            revival.end()
            found = self.cluster.ok("cat", "/vault/pages").out
            self.assertEqual(len(found), len(old))
            fresh = 0
            for at in range(0, len(old), PAGE):
                page = found[at:at + PAGE]
                self.assertIn(page, (old[at:at + PAGE], new[at:at + PAGE]), "page %d is nobody's" % (at // PAGE))
                fresh += page == new[at:at + PAGE]
            mixed += 0 < fresh < pages
        print("%d kills of both, %d times some pages were new" % (killed, mixed), file=sys.stderr)
        self.assertGreater(killed, 0, "nothing was killed: nothing is proven")

    def test_a_put_killed_at_any_call_leaves_what_can_be_read_and_replaced(self):
        source = self.cluster.local("source", self.rng.randbytes(700_000))
        numbers = range(1, 60) if FULL else [1, *self.rng.sample(range(2, 40), 2)]  # the first is always reached
        killed = 0
        for number in numbers:
            call = self.rng.choice(CLIENT_CALLS)
            command = ["strace", "-f", "-qq", "-o", self.cluster.file("client.strace"), "-e", "trace=" + call,
                       "-e", "inject=%s:signal=SIGKILL:when=%d" % (call, number)]
            command += self.cluster.environment_command(["put", source, "/vault/put"])
            done = subprocess.run(command, env=self.cluster.environment, capture_output=True, timeout=300, check=False)
            killed += done.returncode != OK
            there = self.cluster.run("stat", "/vault/put")
            if there.code == OK:
                self.assertEqual(len(self.cluster.ok("cat", "/vault/put").out), self.cluster.entry("/vault/put")["size"])
            self.cluster.ok("put", source, "/vault/put")
            with open(source, "rb") as file:
                self.assertEqual(self.cluster.ok("cat", "/vault/put").out, file.read())
            self.cluster.ok("rm", "/vault/put")
        print("%d of %d puts killed" % (killed, len(numbers)), file=sys.stderr)
        self.assertGreater(killed, 0, "nothing was killed: nothing is proven")


if __name__ == "__main__":
    main()
