"""What a locked directory allows and refuses, what wrong and right keys do, and where keys end."""

import os
import re
import resource
import signal
import stat
import subprocess
import unittest

from cluster import EXISTS, KEY_NEEDED, NOT_FOUND, OK, USAGE, WRONG_KEY, Cluster, main, processes_of, wait_until

NOKEY = re.compile(rb"^[A-Za-z0-9_-]+$")


def allow_cores():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def dumps_core(process):
    """Ends a process as a fault would; did the kernel write its memory to a file?"""
    os.kill(process.pid, signal.SIGABRT)
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = -os.WTERMSIG(status)
    return os.WCOREDUMP(status)


class Locked(unittest.TestCase):
    vaults = 0

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(osts=2)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()
        cls.key = cls.cluster.new_key()

    def setUp(self):
        Locked.vaults += 1
        self.vault = "/vault%d" % Locked.vaults
        self.cluster.ok("encrypt", self.vault, "--key-file", self.key)

    def fill(self):
        self.cluster.ok("mkdir", "-p", self.vault + "/directory/below")
        self.cluster.ok("put", self.cluster.local("content", b"secret content"), self.vault + "/file")
        self.cluster.ok("put", self.cluster.local("content", b"x" * 5000), self.vault + "/directory/inner")
        self.cluster.ok("ln", "-s", "the/secret/target", self.vault + "/symlink")

    def names(self, path):
        return self.cluster.ok("ls", path).out.splitlines()

    def locked_entry(self, kind):
        """The no-key path of the vault's entry of that kind."""
        for entry in self.cluster.entries(self.vault):
            if entry["kind"] == kind:
                self.assertTrue(entry["locked"], entry)
                return self.vault + "/" + entry["name"]
        self.fail("no %s in %s" % (kind, self.vault))

    def test_names_are_hidden_and_stat_and_rm_work_on_them(self):
        self.fill()
        self.cluster.ok("lock", self.vault)
        names = self.names(self.vault)
        self.assertEqual(len(names), 3)
        for name in names:
            # 8 bytes of cookie and 32 of ciphertext make 54 characters of base64.
            self.assertEqual(len(name), 54, name)
            self.assertRegex(name, NOKEY)
            self.cluster.ok("stat", self.vault + "/" + name.decode())
        file = self.locked_entry("file")
        self.assertEqual(self.cluster.entry(file)["size"], len("secret content"))
        target = self.cluster.ok("readlink", self.locked_entry("symlink")).out
        self.assertNotIn(b"secret", target)
        self.cluster.ok("chmod", "600", file)
        self.assertEqual(int(self.cluster.entry(file)["mode"], 8), 0o600)
        self.cluster.ok("rm", file)
        self.cluster.ok("rm", "-r", self.locked_entry("directory"))
        self.assertEqual(len(self.names(self.vault)), 1)
        self.cluster.ok("rm", "-r", self.vault)
        self.cluster.expect(NOT_FOUND, "stat", self.vault)

    def test_opening_and_making_anything_needs_the_key(self):
        self.fill()
        self.cluster.ok("mkdir", "-p", "/outside")
        plain = "/outside/plain"
        self.cluster.ok("put", self.cluster.local("content", b"plain"), plain)
        self.cluster.ok("lock", self.vault)
        file, directory = self.locked_entry("file"), self.locked_entry("directory")
        local = self.cluster.local("content", b"new")
        before = sorted(self.names(self.vault))
        for words in (("cat", file), ("get", file, self.cluster.file("got")), ("read", file), ("write", file),
                      ("truncate", "-s", "3", file), ("punch", file, "--offset", "0", "--length", "1"),
                      ("put", local, self.vault + "/new"), ("put", local, directory + "/new"), ("touch", self.vault + "/new"),
                      ("mkdir", self.vault + "/new"), ("ln", "-s", "x", self.vault + "/new"),
                      ("ln", plain, self.vault + "/new"), ("ln", file, self.vault + "/new"), ("mv", plain, self.vault + "/new"),
                      ("mv", file, self.vault + "/new"), ("mv", file, directory), ("mv", file, "/outside/moved"),
                      ("mv", directory, "/outside/moved"), ("encrypt", self.vault + "/new", "--key-file", self.key)):
            with self.subTest(words=words[:2]):
                result = self.cluster.expect(KEY_NEEDED, *words, stdin=b"data")
                self.assertIn("unlock", result.error, "the message does not say what to do: " + result.error)
        self.assertEqual(sorted(self.names(self.vault)), before)
        self.assertEqual(self.cluster.ok("cat", plain).out, b"plain")

    def test_what_the_kernel_allows_without_the_key_is_allowed(self):
        self.fill()
        self.cluster.ok("mkdir", "-p", "/outside")
        self.cluster.ok("rm", "-f", "/outside/link")
        self.cluster.ok("lock", self.vault)
        self.cluster.ok("ln", self.locked_entry("file"), "/outside/link")
        self.cluster.expect(KEY_NEEDED, "cat", "/outside/link")
        moved = self.vault + "-moved"
        self.cluster.ok("mv", self.vault, moved)
        self.cluster.ok("unlock", moved, "--key-file", self.key)
        self.assertEqual(self.cluster.ok("cat", moved + "/file").out, b"secret content")
        self.assertEqual(self.cluster.ok("cat", "/outside/link").out, b"secret content")
        self.cluster.ok("mv", moved, self.vault)

    def test_clear_names_are_not_found(self):
        self.fill()
        self.cluster.ok("lock", self.vault)
        for words in (("stat", self.vault + "/file"), ("cat", self.vault + "/file"), ("ls", self.vault + "/directory"),
                      ("rm", self.vault + "/file"), ("stat", self.vault + "/" + "A" * 54)):
            with self.subTest(words=words):
                self.cluster.expect(NOT_FOUND, *words)

    def test_a_wrong_key_changes_nothing_and_the_right_one_brings_all_back(self):
        self.fill()
        self.cluster.ok("lock", self.vault)
        locked = sorted(self.names(self.vault))
        wrong = self.cluster.new_key("wrong")
        self.cluster.expect(WRONG_KEY, "unlock", self.vault, "--key-file", wrong)
        self.assertEqual(sorted(self.names(self.vault)), locked)
        self.cluster.expect(KEY_NEEDED, "cat", self.locked_entry("file"))
        for size in (0, 31, 65):
            result = self.cluster.run("unlock", self.vault, "--key-file", self.cluster.local("bad", b"k" * size))
            self.assertNotEqual(result.code, OK, result)
            self.assertIn("32 to 64", result.error)
        self.cluster.ok("unlock", self.vault, "--key-file", self.key)
        self.assertEqual(sorted(self.names(self.vault)), [b"directory", b"file", b"symlink"])
        self.assertEqual(self.cluster.ok("cat", self.vault + "/file").out, b"secret content")
        self.assertEqual(self.cluster.ok("readlink", self.vault + "/symlink").out.strip(), b"the/secret/target")
        self.assertEqual(self.cluster.ok("cat", self.vault + "/directory/inner").out, b"x" * 5000)

    def test_a_policy_is_for_an_empty_directory(self):
        self.cluster.ok("mkdir", "-p", "/full/something")
        self.cluster.expect(EXISTS, "encrypt", "/full", "--key-file", self.key)
        # Without a key option there is nothing yet that could make and keep a key.
        self.cluster.expect(USAGE, "encrypt", "/no-key-given")
        self.cluster.expect(NOT_FOUND, "stat", "/no-key-given")
        self.cluster.ok("encrypt", self.vault, "--key-file", self.key)  # the same policy again is no error

    def test_moves_between_policies_copy(self):
        self.fill()
        other = self.vault + "-other"
        self.cluster.ok("encrypt", other, "--key-file", self.cluster.new_key("other"))
        context = self.cluster.ok("debug", "context", self.vault + "/file").out
        self.cluster.ok("mv", self.vault + "/file", other + "/file")
        self.assertNotEqual(self.cluster.ok("debug", "context", other + "/file").out[16:48], context[16:48])
        self.assertEqual(self.cluster.ok("cat", other + "/file").out, b"secret content")
        self.cluster.expect(NOT_FOUND, "stat", self.vault + "/file")
        # Out into a plain directory: as in the kernel, the file stays encrypted and moves as it is.
        self.cluster.ok("mkdir", "-p", "/outside")
        context = self.cluster.ok("debug", "context", other + "/file").out
        self.cluster.ok("mv", other + "/file", "/outside/moved-out")
        self.assertEqual(self.cluster.ok("debug", "context", "/outside/moved-out").out, context)
        self.assertEqual(self.cluster.ok("cat", "/outside/moved-out").out, b"secret content")
        self.cluster.ok("rm", "-r", "/outside")
        self.cluster.ok("rm", "-r", other)


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(osts=1)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()
        cls.key = cls.cluster.new_key()

    def test_names_of_255_bytes_work_and_256_are_too_long(self):
        for number, options in enumerate(([], ["--padding", "4"], ["--padding", "8"], ["--padding", "16"],
                                          ["--names", "aes-256-hctr2"], ["--names", "aes-256-hctr2", "--padding", "4"])):
            with self.subTest(options=options):
                vault = "/names%d" % number
                self.cluster.ok("encrypt", vault, "--key-file", self.key, *options)
                names = sorted(b"%d" % length + b"n" * (length - len(b"%d" % length))
                               for length in (1, 2, 4, 15, 16, 17, 31, 32, 33, 63, 148, 149, 150, 223, 224, 225, 254, 255))
                commands = "\n".join("mkdir %s/%s" % (vault, name.decode()) for name in names) + "\n"
                self.cluster.ok("shell", stdin=commands.encode())
                self.assertEqual(sorted(self.cluster.ok("ls", vault).out.splitlines()), names)
                too_long = self.cluster.run("mkdir", vault + "/" + "n" * 256)
                self.assertNotEqual(too_long.code, OK, too_long)
                self.assertRegex(too_long.error, "(?i)too long")
                self.cluster.ok("lock", vault)
                hidden = self.cluster.ok("ls", vault).out.splitlines()
                self.assertEqual(len(set(hidden)), len(names))
                for name in hidden:
                    self.assertRegex(name, NOKEY)
                    self.assertLessEqual(len(name), 252)
                commands = "\n".join("stat %s/%s" % (vault, name.decode()) for name in hidden) + "\n"
                self.cluster.ok("shell", stdin=commands.encode())
                self.cluster.ok("unlock", vault, "--key-file", self.key)
                self.assertEqual(sorted(self.cluster.ok("ls", vault).out.splitlines()), names)


class KeysEnd(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(osts=1)
        self.addCleanup(self.cluster.end)
        self.cluster.up()
        self.key = self.cluster.new_key()
        self.cluster.ok("encrypt", "/vault", "--key-file", self.key)
        self.cluster.ok("mkdir", "/vault/inside")

    def assert_locked(self):
        names = self.cluster.ok("ls", "/vault").out.splitlines()
        self.assertEqual([len(name) for name in names], [54])

    def test_the_agent_is_private(self):
        info = os.stat(self.cluster.agent_socket())
        self.assertTrue(stat.S_ISSOCK(info.st_mode))
        self.assertEqual(stat.S_IMODE(info.st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(self.cluster.agent_socket())).st_mode), 0o700)
        with open("/proc/%d/limits" % self.cluster.agent_pid()) as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4], "0", "the agent may dump its memory")

    def begin_with_cores_allowed(self, words, stdin):
        return subprocess.Popen(words, stdin=stdin, stdout=subprocess.DEVNULL, env=self.cluster.environment,
                                cwd=self.cluster.home, preexec_fn=allow_cores)

    def test_a_command_leaves_no_core_file(self):
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 or not dumps_core(
                self.begin_with_cores_allowed(["sleep", "300"], subprocess.DEVNULL)):
            self.skipTest("this system dumps no cores")
        with self.begin_with_cores_allowed(self.cluster.environment_command(["shell"]), subprocess.PIPE) as shell:
            shell.stdin.write(b"mkdir /vault/by-the-shell\n")
            shell.stdin.flush()
            wait_until(lambda: self.cluster.run("stat", "/vault/by-the-shell").code == OK, "the shell works with keys")
            self.assertFalse(dumps_core(shell), "a command dumped its memory")
        self.cluster.ok("rmdir", "/vault/by-the-shell")

    def test_keys_are_in_no_argument_environment_or_file(self):
        with open(self.key, "rb") as file:
            secret = file.read()
        for pid in processes_of(self.cluster.home) + [self.cluster.agent_pid()]:
            for part in ("cmdline", "environ"):
                with open("/proc/%d/%s" % (pid, part), "rb") as file:
                    text = file.read()
                self.assertNotIn(secret.hex().encode(), text)
                self.assertNotIn(secret[:16], text)
        for top, _, files in os.walk(self.cluster.home):
            for name in files:
                path = os.path.join(top, name)
                if path != self.key and os.path.isfile(path):
                    with open(path, "rb") as file:
                        self.assertNotIn(secret[:32], file.read(), path)

    def test_killing_the_agent_locks(self):
        os.kill(self.cluster.agent_pid(), signal.SIGKILL)
        self.assert_locked()
        self.cluster.ok("unlock", "/vault", "--key-file", self.key)
        self.assertEqual(self.cluster.ok("ls", "/vault").out, b"inside\n")

    def test_keys_do_not_survive_dev_down(self):
        self.cluster.down()
        wait_until(lambda: not processes_of(self.cluster.home) and not self.cluster.agent_pid(), "servers and agent have ended")
        self.cluster.up()
        self.assert_locked()

    def test_the_agent_ends_when_it_holds_no_key(self):
        self.assertTrue(self.cluster.agent_pid())
        self.cluster.ok("lock", "/vault")
        wait_until(lambda: not self.cluster.agent_pid(), "the agent has ended")
        self.assert_locked()

    def test_key_status_says_what_is_unlocked(self):
        with_key = self.cluster.ok("key", "status", "/vault", "--json").json["keys"][0]
        self.assertTrue(with_key["unlocked"])
        self.cluster.ok("lock", "/vault")
        without = self.cluster.ok("key", "status", "/vault", "--json").json["keys"][0]
        self.assertFalse(without["unlocked"])
        self.assertEqual(with_key["identifier"], without["identifier"])
        self.assertEqual(self.cluster.ok("key", "status", "--json").json["keys"], [])


if __name__ == "__main__":
    main()
