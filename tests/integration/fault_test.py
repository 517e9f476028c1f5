"""The disk below a server fails: a sync that fails ends the server rather than let it lie, a full disk is told to the
client and nothing else suffers, what cannot be read is an error that names it, never other bytes."""

import errno
import os
import re
import shutil
import subprocess

from cluster import ERROR, FULL, KIB, MIB, NO_SPACE, OK, main, wait_until
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
        for number in range(4):  # two of them on each OST
            self.cluster.ok("setstripe", "-c", "1", "-i", str(number % 2), "/vault")
            self.cluster.ok("put", self.cluster.local("kept", kept), "/vault/kept-%d" % number)
        server = self.servers["ost0"]
        server.kill()
        # The first of a thread is well; the main thread's is the identity file.
        server.start(inject="pwritev:error=ENOSPC:when=2+")
        big = self.cluster.local("big", self.rng.randbytes(16 * MIB))
        for number in range(4):
            self.cluster.ok("setstripe", "-c", "1", "-i", str(number % 2), "/vault")
            result = self.cluster.run("put", big, "/vault/big-%d" % number)
            self.assertEqual(result.code, OK if number % 2 else NO_SPACE, str(result))
            if result.code == NO_SPACE:
                self.assertIn("space", result.error)
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

    def small_disk(self, server, megabytes):
        """What the server has lies on a filesystem of that size from now on. A function that leaves so many bytes of it free."""
        server.kill()
        directory = self.cluster.target_dir(server.name)
        aside = self.cluster.file("aside")
        shutil.copytree(directory, aside)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dM" % megabytes, "nacre-test", directory], check=False).returncode != 0:
            self.skipTest("filesystems cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "--lazy", directory], check=True)
        self.addCleanup(server.kill)
        shutil.copytree(aside, directory, dirs_exist_ok=True)
        filler = os.path.join(directory, "filler")

        def leave(free):
            if os.path.exists(filler):
                os.remove(filler)
            with open(filler, "wb") as file:
                while True:
                    space = os.statvfs(directory)
                    more = space.f_bavail * space.f_frsize - free
                    if more <= 0:
                        break
                    try:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, more)
                    except OSError as error:  # the server has taken some meanwhile
                        if error.errno != errno.ENOSPC:
                            raise
        return leave

    def test_a_full_disk_of_the_metadata_server_stops_what_is_new_and_nothing_else(self):
        kept = self.rng.randbytes(MIB)
        for name in ("kept", "other"):
            self.cluster.ok("put", self.cluster.local("kept", kept), "/vault/" + name)
        server = self.servers["mdt0"]
        leave = self.small_disk(server, 600)
        server.start()
        leave(100 * MIB)
        wait_until(lambda: "less than 256 MiB" in server.log_text(), "the server notices")
        for command in (("put", self.cluster.local("x", b"new"), "/vault/new"), ("mkdir", "/vault/dir"), ("ln", "/vault/kept", "/vault/link")):
            result = self.cluster.run(*command)
            self.assertEqual(result.code, NO_SPACE, str(result))
            self.assertIn("metadata server", result.error)
        self.assertEqual(int(self.cluster.ok("df", "--json").json["inodes_free"]), 0)
        self.cluster.ok("write", "/vault/kept", "--offset", "100", stdin=b"changed")
        self.assertEqual(self.cluster.ok("cat", "/vault/kept").out, kept[:100] + b"changed" + kept[107:])
        self.cluster.ok("mv", "/vault/kept", "/vault/moved")
        self.cluster.ok("rm", "/vault/other")
        leave(500 * MIB)
        wait_until(lambda: "room on the disk again" in server.log_text(), "the server notices")
        self.cluster.ok("put", self.cluster.local("x", b"new"), "/vault/new")
        self.cluster.ok("fsck")

    def test_a_log_that_cannot_be_written_ends_the_metadata_server_and_loses_nothing(self):
        """Somebody else has filled its disk to the last byte."""
        server = self.servers["mdt0"]
        server.configure("reserve", "0")
        leave = self.small_disk(server, 300)
        server.start()
        tree = TreeModel(self.cluster, "/vault", self.rng, self.run_command)
        for _ in range(10):
            tree.step()
        many = self.cluster.file("many")
        os.mkdir(many)
        for number in range(3000):
            with open(os.path.join(many, "%04d-%s" % (number, "x" * 150)), "wb") as file:
                file.write(b"%d" % number)
        leave(0)
        # The log has room set aside; then it has none.
        copies, copy = 0, None
        while server.alive() and copies < 40:
            if copy:
                copy.communicate()
            copy = self.cluster.begin("put", "-r", many, "/many-%d" % copies)
            wait_until(lambda: copy.poll() is not None or not server.alive(), "it is there, or the server has ended", 120)
            copies += 1
        self.assertFalse(server.alive(), "the log never ended: nothing is proven")
        self.assertRegex(server.log_text(), "(?i)no space")
        server.wait_until_ended()
        leave(200 * MIB)
        server.start()
        _, error = copy.communicate(timeout=120)
        self.assertEqual(copy.returncode, OK, error)
        self.assertEqual(tree.differences(), [])
        for number in range(copies):
            self.assertEqual(len(self.cluster.entries("/many-%d" % number)), 3000)
        self.cluster.ok("fsck")

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
