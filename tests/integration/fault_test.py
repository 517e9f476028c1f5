"""The disk below a server fails: a sync that fails ends the server rather than let it lie, a full disk is told to the
client and nothing else suffers, what cannot be read is an error that names it, never other bytes."""

import os
import re

from cluster import ERROR, FULL, KIB, MIB, NO_SPACE, OK, main
from servers import Revival, ServersTest
from tree_model import TreeModel

STEPS_MAX = 40


class Faults(ServersTest):
    def test_a_failed_sync_ends_the_server_and_its_clients_only_wait(self):
        self.cluster.ok("setstripe", "-c", "2", "-S", "64K", "/vault")
        tree = TreeModel(self.cluster, "/vault", self.rng, self.run_command)
        cases = [("ost0", "fdatasync"), ("mdt0", "fdatasync")]
        if FULL:
            cases += [("ost0", "fsync"), ("ost0", "syncfs"), ("mdt0", "fsync")] + cases * 8
        ended = 0
        for name, call in cases:
            number = self.rng.randrange(1, 8)
            with self.subTest(server=name, call=call, number=number):
                ended += self.fail_sync(tree, self.servers[name], call, number)
        self.assertGreater(ended, 0, "no sync failed: nothing is proven")

    def fail_sync(self, tree, server, call, number):
        server.kill()
        said = len(server.log_text())
        # Once: the next sync would succeed, and lie, as the kernel has dropped what it could not write.
        server.start(inject="%s:error=EIO:when=%d" % (call, number), wait=False)
        process = server.process
        revival = Revival(server)
        revival.start()
        for _ in range(STEPS_MAX):
            tree.step()
            if revival.killed.is_set():
                break
        self.assertEqual(tree.differences(), [])
        ended = revival.killed.is_set()
        revival.end()
        if not ended:  # the call does not come so often
            return False
        self.assertGreater(process.returncode, 0, "it was to say why, and end")
        message = server.log_text()[said:]
        self.assertRegex(message, r"(?s)Input/output error")
        self.assertRegex(message, re.escape(self.cluster.dir) + "|object \\[", "which file?")
        return True

    def put_one(self, name, content):
        """Its only object file, and the server that has it."""
        self.cluster.ok("setstripe", "-c", "1", "/vault")
        before = set(self.cluster.object_files())
        self.cluster.ok("put", self.cluster.local("x", content), name)
        (path,) = set(self.cluster.object_files()) - before
        return path, self.servers[os.path.relpath(path, self.cluster.dir).split(os.sep)[0]]

    def test_a_failed_sync_of_an_object_alone_ends_the_server_too(self):
        path, server = self.put_one("/vault/x", self.rng.randbytes(300 * KIB))
        content = self.rng.randbytes(300 * KIB)
        server.kill()
        # What is overwritten goes to a second file first.
        server.start(inject="fdatasync:error=EIO:when=1", only=[path, path + ".overflow"])
        process = server.process
        revival = Revival(server)
        revival.start()
        self.run_command(("write", "/vault/x", "--offset", "0"), content)
        self.assertTrue(revival.killed.is_set(), "the sync failed, and the server said it had not")
        revival.end()
        self.assertGreater(process.returncode, 0)
        self.assertRegex(server.log_text(), r"object \[.*Input/output error")
        self.assertEqual(self.cluster.ok("cat", "/vault/x").out, content)

    def test_a_full_disk_is_told_and_everything_else_goes_on(self):
        kept = self.rng.randbytes(MIB)
        self.cluster.ok("setstripe", "-c", "1", "/vault")
        for number in range(4):  # some of them on ost0
            self.cluster.ok("put", self.cluster.local("kept", kept), "/vault/kept-%d" % number)
        server = self.servers["ost0"]
        server.kill()
        # The first of a thread is well; the main thread's is the identity file.
        server.start(inject="pwritev:error=ENOSPC:when=2+")
        big = self.cluster.local("big", self.rng.randbytes(16 * MIB))
        codes = []
        for number in range(4):
            result = self.cluster.run("put", big, "/vault/big-%d" % number)
            codes.append(result.code)
            self.assertIn(result.code, (OK, NO_SPACE), str(result))
            if result.code == NO_SPACE:
                self.assertIn("space", result.error)
        self.assertIn(NO_SPACE, codes)
        self.assertTrue(server.alive(), "a full disk ended the server")
        for number in range(4):
            self.assertEqual(self.cluster.ok("cat", "/vault/kept-%d" % number).out, kept)
        server.kill()
        server.start()
        for number in range(4):
            self.assertEqual(self.cluster.ok("cat", "/vault/kept-%d" % number).out, kept)
            self.cluster.ok("put", big, "/vault/big-%d" % number)
            with open(big, "rb") as file:
                self.assertEqual(self.cluster.ok("cat", "/vault/big-%d" % number).out, file.read())

    def test_what_cannot_be_read_is_an_error_that_names_it_and_never_other_bytes(self):
        content = self.rng.randbytes(700 * KIB)
        path, server = self.put_one("/vault/bad", content)
        self.cluster.ok("put", self.cluster.local("x", content), "/vault/good")
        server.kill()
        # As if nothing of it were in memory, and the disk could not give it.
        server.start(inject=["preadv2:error=EAGAIN", "pread64:error=EIO"], only=[path])
        result = self.cluster.run("cat", "/vault/bad")
        self.assertEqual(result.code, ERROR, str(result))
        self.assertIn("object [", result.error)
        self.assertTrue(content.startswith(result.out), "bytes that are not the file's were given out")
        self.assertEqual(self.cluster.ok("cat", "/vault/good").out, content)
        self.assertTrue(server.alive())
        server.kill()
        server.start()
        self.assertEqual(self.cluster.ok("cat", "/vault/bad").out, content)


if __name__ == "__main__":
    main()
