"""Bad input gets a clear error and harms nothing: wrong words, servers that are not there, full and damaged disks, foreign
data directories, hostile requests."""

import glob
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from cluster import (EXISTS, FULL, INTEGRITY, KIB, MIB, NOT_FOUND, NO_SPACE, OK, PAGE, SEED, TIMED_OUT, UNAVAILABLE, USAGE,
                     Cluster, main, wait_until)

# Built beside the test programs, not with what is installed.
HOSTILE_CLIENT = os.environ.get("NACRE_HOSTILE_CLIENT", "")


class Words(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(osts=1)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()
        cls.cluster.ok("put", cls.cluster.local("x", b"content"), "/file")
        cls.cluster.ok("mkdir", "/directory")

    def test_wrong_usage_is_exit_2_with_a_message(self):
        for words in (["no-such-command"], [], ["ls", "--no-such-flag", "/"], ["put"], ["put", "only-one"], ["mkdir"], ["debug"],
                      ["truncate", "/file"], ["truncate", "-s", "many", "/file"], ["truncate", "-s", "5Q", "/file"],
                      ["read", "/file", "--offset", "-1"], ["punch", "/file", "--offset", "0"], ["chmod", "rwxrwx", "/file"],
                      ["setstripe", "-S", "100", "/directory"], ["setstripe", "-L", "mdt", "-E", "1M", "/directory"],
                      ["encrypt", "/e", "--padding", "7", "--key-file", "/dev/null"],
                      ["encrypt", "/e", "--names", "rot13", "--key-file", "/dev/null"], ["ls", "--wait-timeout", "soon", "/"],
                      ["ls", "relative"], ["dev", "up"], ["dev", "up", "x", "--osts", "0"], ["dev", "up", "x", "--mdts", "2"]):
            with self.subTest(words=words):
                result = self.cluster.expect(USAGE, *words)
                self.assertTrue(result.error.strip(), "exit 2 without a word")
                self.assertEqual(result.out, b"")

    def test_what_is_not_there_or_in_the_way_has_its_exit_code(self):
        for code, words in ((NOT_FOUND, ["cat", "/nothing"]), (NOT_FOUND, ["ls", "/no/way"]), (NOT_FOUND, ["rm", "/nothing"]),
                            (NOT_FOUND, ["mkdir", "/no/way"]), (EXISTS, ["mkdir", "/directory"]), (OK, ["rm", "-f", "/nothing"]),
                            (NOT_FOUND, ["put", "/no/such/local/file", "/x"]), (NOT_FOUND, ["mv", "/nothing", "/x"]),
                            (NOT_FOUND, ["getfattr", "-n", "user.none", "/file"])):
            with self.subTest(words=words):
                self.cluster.expect(code, *words)
        for words in (["cat", "/directory"], ["ls", "/file/below"], ["rmdir", "/file"], ["rm", "/directory"], ["rm", "-r", "/"],
                      ["mkdir", "/" + "n" * 256], ["ln", "/directory", "/hard"], ["mv", "/directory", "/directory/below"],
                      ["unlock", "/directory", "--key-file", self.cluster.new_key()], ["debug", "context", "/file"]):
            with self.subTest(words=words):
                self.assertNotEqual(self.cluster.run(*words).code, OK)
        self.assertEqual(self.cluster.ok("cat", "/file").out, b"content")

    def test_a_shell_stops_at_a_bad_line_or_goes_on_if_told_and_says_so_at_its_end(self):
        for options, made in (([], False), (["--keep-going"], True)):
            for number, bad in enumerate(("no-such-command", "cat /nothing", "'unclosed", "ls --no-such-flag")):
                path = "/from-shell-%d-%d" % (made, number)
                result = self.cluster.run("shell", *options, stdin=("%s\nmkdir %s\n" % (bad, path)).encode())
                self.assertIn(result.code, (USAGE, NOT_FOUND), result)
                self.assertEqual(self.cluster.run("stat", path).code, OK if made else NOT_FOUND, (bad, options))

    def test_a_full_pipe_or_device_for_output_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.cluster.environment_command(["cat", "/file"]), stdout=full, stderr=subprocess.PIPE,
                                  env=self.cluster.environment, timeout=120)
        self.assertNotEqual(done.returncode, 0)


class Servers(unittest.TestCase):
    def cluster(self, **options):
        cluster = Cluster(**options)
        self.addCleanup(cluster.end)
        cluster.up()
        return cluster

    def test_a_server_that_is_not_reached_is_named(self):
        cluster = self.cluster(osts=2)
        targets = cluster.targets()
        cluster.ok("mkdir", "/d")
        cluster.ok("setstripe", "-c", "1", "-i", "1", "/d")
        cluster.ok("put", cluster.local("x", b"x" * 10_000), "/d/file")
        for target, words in (("ost1", ["cat", "/d/file"]), ("ost1", ["put", cluster.file("x"), "/d/other"]), ("mdt0", ["ls", "/"])):
            with self.subTest(target=target, words=words):
                cluster.kill(target)
                result = cluster.expect(UNAVAILABLE, *words, "--wait-timeout", "1s")
                named = re.search("(?i)" + ("MDT0000" if target == "mdt0" else "OST0001"), result.error)
                self.assertTrue(named or targets[target]["address"] in result.error, result.error)
                cluster.start(target)
        self.assertEqual(cluster.ok("cat", "/d/file").out, b"x" * 10_000)

    def test_a_server_that_does_not_answer_is_not_waited_for_longer_than_said(self):
        cluster = self.cluster(osts=1)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            config = cluster.local("other.toml", b'mds = "127.0.0.1:%d"\n' % silent.getsockname()[1])
            cluster.expect(UNAVAILABLE, "ls", "/", "--config", config, "--wait-timeout", "1s")
        pid = cluster.pids()["mdt0"]
        os.kill(pid, signal.SIGSTOP)
        try:
            result = cluster.run("ls", "/", "--wait-timeout", "1s")
            self.assertIn(result.code, (UNAVAILABLE, TIMED_OUT), result)
        finally:
            os.kill(pid, signal.SIGCONT)
        cluster.ok("ls", "/")

    def test_a_walk_ends_at_a_server_that_is_away_and_says_so(self):
        cluster = self.cluster(osts=1)
        cluster.ok("put", "-r", cluster.many_files(1000), "/many")
        for sent in (signal.SIGKILL, signal.SIGSTOP):
            with self.subTest(sent=sent):
                chown, _ = cluster.chown_stopped_midway("/many", "--wait-timeout", "1s")
                os.kill(cluster.pids()["mdt0"], sent)
                chown.send_signal(signal.SIGCONT)
                _, told = chown.communicate()
                self.assertIn(chown.returncode, (UNAVAILABLE, TIMED_OUT), told)
                self.assertEqual(told.count(b"cannot change the owner of"), 1, told)
                self.assertIn(b"not looked at", told)
                if sent == signal.SIGKILL:
                    cluster.start("mdt0")
        os.kill(cluster.pids()["mdt0"], signal.SIGCONT)
        cluster.ok("ls", "/many")

    def test_a_metadata_server_stops_although_a_truncate_waits_for_a_dead_ost(self):
        cluster = self.cluster(osts=1)
        cluster.ok("put", cluster.local("content", b"x" * 100_000), "/file")
        cluster.kill("ost0")
        truncate = cluster.begin("truncate", "-s", "8192", "/file")
        time.sleep(1)
        cluster.stop("mdt0")
        truncate.kill()
        truncate.communicate()
        # Its client does not come back: for the length of its recovery window it takes nobody new, and says so.
        starting = cluster.begin("dev", "start", cluster.dir, "mdt0")
        wait_until(lambda: "waits for its other clients" in cluster.run("ping", "--wait-timeout", "1s").error,
                   "a server that recovers says so")
        starting.communicate()
        self.assertEqual(starting.returncode, OK)
        cluster.start("ost0")
        wait_until(lambda: cluster.run("stat", "/file").code == OK, "the cluster serves again")
        self.assertIn(cluster.entry("/file")["size"], (8192, 100_000))

    def test_a_command_waits_for_a_server_that_comes_back(self):
        cluster = self.cluster(osts=1)
        cluster.ok("put", cluster.local("x", b"here"), "/file")
        cluster.kill("ost0")
        reader = cluster.begin("cat", "/file")
        time.sleep(1)
        cluster.start("ost0")
        out, error = reader.communicate(timeout=120)
        self.assertEqual((reader.returncode, out), (0, b"here"), error)

    def test_a_full_ost_refuses_keeps_what_it_has_and_is_usable_after_rm(self):
        cluster = self.cluster(osts=1, up_options=["--ost-capacity", "64M"])
        rng = random.Random(SEED)
        content = rng.randbytes(100 * MIB)
        cluster.ok("encrypt", "/vault", "--key-file", cluster.new_key())
        cluster.ok("put", cluster.local("kept", content[:MIB]), "/vault/kept")
        result = cluster.expect(NO_SPACE, "put", cluster.local("big", content), "/vault/big")
        self.assertRegex(result.error, "(?i)space")
        self.assertEqual(cluster.ok("cat", "/vault/kept").out, content[:MIB])
        written = cluster.ok("cat", "/vault/big").out
        self.assertEqual(cluster.entry("/vault/big")["size"], len(written))
        self.assert_prefix_with_holes(written, content)
        cluster.expect(NO_SPACE, "write", "/vault/kept", "--offset", str(MIB), stdin=content[MIB:80 * MIB])
        back = cluster.ok("cat", "/vault/kept").out
        self.assertEqual(back[:MIB], content[:MIB])
        self.assert_prefix_with_holes(back, content)
        cluster.ok("rm", "/vault/big")
        cluster.ok("rm", "/vault/kept")
        wait_until(lambda: cluster.ok("df", "--json").json["free_bytes"] > 60 * MIB, "removed space is free again")
        cluster.ok("put", cluster.local("again", content[:48 * MIB]), "/vault/again")
        self.assertEqual(cluster.ok("cat", "/vault/again").out, content[:48 * MIB])

    def test_a_move_between_policies_that_fails_loses_neither_file(self):
        cluster = self.cluster(osts=1, up_options=["--ost-capacity", "64M"])
        big = random.Random(SEED).randbytes(40 * MIB)
        cluster.ok("encrypt", "/vault", "--key-file", cluster.new_key())
        cluster.ok("mkdir", "/plain")
        cluster.ok("put", cluster.local("big", big), "/plain/big")
        cluster.ok("put", cluster.local("old", b"what was there"), "/vault/target")
        result = cluster.run("mv", "/plain/big", "/vault/target")
        self.assertNotEqual(result.code, OK)
        self.assertRegex(result.error, "(?i)space")
        self.assertEqual(cluster.ok("cat", "/vault/target").out, b"what was there")
        self.assertEqual(cluster.ok("cat", "/plain/big").out, big)
        self.assertEqual(cluster.ok("ls", "-a", "/vault").out.split(), [b"target"])
        cluster.ok("put", cluster.local("new", b"what comes"), "/plain/new")
        cluster.ok("mv", "/plain/new", "/vault/target")
        self.assertEqual(cluster.ok("cat", "/vault/target").out, b"what comes")
        cluster.expect(NOT_FOUND, "stat", "/plain/new")

    def assert_prefix_with_holes(self, written, content):
        """Chunks are written side by side: what did not fit may leave holes, but never anything else."""
        for offset in range(0, len(written), PAGE):
            page = written[offset:offset + PAGE]
            if page != content[offset:offset + len(page)]:
                self.assertEqual(page, bytes(len(page)), "page at %d is neither what was written nor a hole" % offset)

    def test_a_damaged_page_is_an_integrity_error_that_names_the_object(self):
        cluster = self.cluster(osts=1)
        cluster.ok("encrypt", "/vault", "--key-file", cluster.new_key())
        for running in (True, False):
            with self.subTest(running=running):
                content = os.urandom(64 * KIB)
                path = "/vault/file-%s" % running
                files = set(cluster.object_files())
                cluster.ok("put", cluster.local("x", content), path)
                new = set(cluster.object_files()) - files
                self.assertEqual(len(new), 1)
                if not running:
                    cluster.stop("ost0")
                with open(new.pop(), "r+b") as file:
                    file.seek(5 * PAGE + 100)
                    byte = file.read(1)
                    file.seek(5 * PAGE + 100)
                    file.write(bytes([byte[0] ^ 1]))
                if not running:
                    cluster.start("ost0")
                result = cluster.expect(INTEGRITY, "cat", path)
                fid = cluster.ok("path2fid", path).text.strip().split()[-1].strip("[]")
                self.assertIn(fid, result.error, "the object is not named")
                self.assertTrue(content.startswith(result.out), "damaged bytes were handed out")
                cluster.expect(INTEGRITY, "debug", "raw", path)
                cluster.expect(INTEGRITY, "get", path, cluster.file("damaged-copy"))
                # What is whole still reads, and a new write mends the page.
                self.assertEqual(cluster.ok("read", path, "--offset", "0", "--length", str(5 * PAGE)).out, content[:5 * PAGE])
                cluster.ok("write", path, "--offset", str(5 * PAGE), stdin=content[5 * PAGE:6 * PAGE])
                self.assertEqual(cluster.ok("cat", path).out, content)

    def test_a_data_directory_of_another_cluster_or_place_is_refused(self):
        one, two = self.cluster(osts=2), self.cluster(osts=2)
        one.ok("put", one.local("x", b"of one"), "/file")
        for cluster in (one, two):
            for target in ("ost0", "ost1"):
                cluster.stop(target)
        kept = one.target_dir("ost0") + ".kept"
        os.rename(one.target_dir("ost0"), kept)
        for foreign in (two.target_dir("ost0"), one.target_dir("ost1"), two.target_dir("mdt0")):
            with self.subTest(foreign=foreign):
                shutil.copytree(foreign, one.target_dir("ost0"))
                result = one.run("dev", "start", one.dir, "ost0")
                self.assertNotEqual(result.code, OK, result)
                self.assertNotIn("ost0", one.pids())
                log = self.log_of(one, "ost0")
                self.assertRegex(log[-2000:], "(?i)another|belongs|is of|not of|not this|identity|fsid")
                shutil.rmtree(one.target_dir("ost0"))
        # An empty directory in its place is not what the cluster knows as this target either.
        os.mkdir(one.target_dir("ost0"))
        self.assertNotEqual(one.run("dev", "start", one.dir, "ost0").code, OK)
        shutil.rmtree(one.target_dir("ost0"))
        os.rename(kept, one.target_dir("ost0"))
        for target in ("ost0", "ost1"):
            one.start(target)
        self.assertEqual(one.ok("cat", "/file").out, b"of one")

    def log_of(self, cluster, target):
        text = ""
        for path in sorted(glob.glob(os.path.join(cluster.dir, "log", target + "*"))):
            with open(path, errors="replace") as file:
                text += file.read()
        return text


class Hostile(unittest.TestCase):
    @unittest.skipUnless(HOSTILE_CLIENT, "NACRE_HOSTILE_CLIENT names no program")
    def test_hostile_requests_are_refused_and_the_servers_live_on(self):
        cluster = Cluster(osts=1)
        self.addCleanup(cluster.end)
        cluster.up()
        content = os.urandom(100 * KIB)
        cluster.ok("encrypt", "/vault", "--key-file", cluster.new_key())
        cluster.ok("put", cluster.local("x", content), "/vault/file")
        pids = cluster.pids()
        addresses = {name: row["address"] for name, row in cluster.targets().items()}
        for kind, target in (("mds", "mdt0"), ("oss", "ost0")):
            with self.subTest(target=target):
                done = subprocess.run([HOSTILE_CLIENT, kind, addresses[target], addresses["mdt0"], str(SEED),
                                       "5000" if FULL else "300"], capture_output=True, text=True, timeout=1500)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(cluster.pids(), pids, "a server was lost")
        self.assertEqual(cluster.ok("cat", "/vault/file").out, content)
        # Neither do they survive only until the next start.
        for target in ("mdt0", "ost0"):
            cluster.stop(target)
            cluster.start(target)
        self.assertEqual(cluster.ok("cat", "/vault/file").out, content)


if __name__ == "__main__":
    main()
