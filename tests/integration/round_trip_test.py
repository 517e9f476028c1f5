"""What goes in comes out identical: a real tree, a big striped file, and a made tree with all that can go wrong in a copy;
read back at once, and again after every server was restarted."""

import hashlib
import os
import resource
import shutil
import signal
import stat
import subprocess
import unittest

import made_tree
from cluster import ERROR, FULL, MIB, OK, PERMISSION, SEED, SOMEBODY, Cluster, main

REAL_TREES = ["/usr/include"] if FULL else ["/usr/include/linux", "/usr/include/c++"]
BIG_BYTES = 1024 * MIB if FULL else 256 * MIB


def write_random(path, size):
    """Of the seed, in pieces; returns the SHA-256."""
    digest, count = hashlib.sha256(), 0
    with open(path, "wb") as file:
        while file.tell() < size:
            block = hashlib.shake_256(b"%d/%d" % (SEED, count)).digest(min(MIB, size - file.tell()))
            digest.update(block)
            file.write(block)
            count += 1
    return digest.hexdigest()


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(MIB), b""):
            digest.update(block)
    return digest.hexdigest()


class RoundTrip(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(osts=3)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()
        cls.key = cls.cluster.new_key()
        cls.cluster.ok("encrypt", "/vault", "--key-file", cls.key)

    def get(self, path, name):
        """A fresh local copy of path."""
        local = self.cluster.file(name)
        self.addCleanup(shutil.rmtree, local, ignore_errors=True)
        shutil.rmtree(local, ignore_errors=True)
        self.cluster.ok("get", "-r", path, local)
        return local

    def restart_all(self):
        targets = sorted(self.cluster.targets())
        for target in targets:
            self.cluster.stop(target)
        for target in targets:
            self.cluster.start(target)

    def assert_same(self, left, right):
        found = made_tree.differences(left, right)
        self.assertEqual(found, [], "%d differences, the first: %s" % (len(found), found[:5]))

    def test_a_real_tree_comes_back_identical_also_after_a_restart(self):
        source = self.cluster.file("real")
        os.mkdir(source)
        for tree in REAL_TREES:
            subprocess.run(["cp", "-a", tree, source], check=True)
        self.cluster.ok("put", "-r", source, "/vault/inc")
        copy = self.get("/vault/inc", "real-back")
        subprocess.run(["diff", "-r", "--no-dereference", source, copy], check=True)
        self.assert_same(source, copy)
        self.restart_all()
        again = self.get("/vault/inc", "real-again")
        subprocess.run(["diff", "-r", "--no-dereference", source, again], check=True)
        self.assert_same(source, again)

    def test_a_big_file_is_striped_over_all_osts_and_comes_back(self):
        local = self.cluster.file("big")
        digest = write_random(local, BIG_BYTES)
        self.addCleanup(os.unlink, local)
        self.cluster.ok("mkdir", "/vault/striped")
        self.cluster.ok("setstripe", "-c", "3", "-S", "1M", "/vault/striped")
        self.cluster.ok("put", local, "/vault/striped/big")
        layout = self.cluster.ok("getstripe", "--json", "/vault/striped/big").json["layouts"][0]
        self.assertEqual((layout["stripe_count"], layout["stripe_bytes"], sorted(layout["osts"])), (3, MIB, [0, 1, 2]))
        used = [sum(os.path.getsize(path) for path in self.cluster.object_files() if "/ost%d/" % index in path)
                for index in range(3)]
        for index, size in enumerate(used):
            self.assertGreaterEqual(size, BIG_BYTES // 3 - MIB, "ost%d of %s holds less than its share" % (index, used))
        back = self.cluster.file("big-back")
        self.cluster.ok("get", "/vault/striped/big", back)
        self.assertEqual(digest_of(back), digest)
        os.unlink(back)
        self.restart_all()
        self.cluster.ok("get", "/vault/striped/big", back)
        self.assertEqual(digest_of(back), digest)
        os.unlink(back)

    def test_everything_a_tree_can_have_survives_the_journey(self):
        for place in ("/vault/made", "/plain-made"):
            with self.subTest(place=place):
                source = self.cluster.file("made" + place.replace("/", "-"))
                made_tree.make_tree(source, SEED)
                self.cluster.ok("put", "-r", source, place)
                self.assert_same(source, self.get(place, "made-back"))
                self.restart_all()
                self.assert_same(source, self.get(place, "made-again"))

    def test_the_comparison_finds_what_differs(self):
        source, copy = self.cluster.file("control"), self.cluster.file("control-copy")
        made_tree.make_tree(source, SEED)
        subprocess.run(["cp", "-a", source, copy], check=True)
        self.assertEqual(made_tree.differences(source, copy), [])
        for spoil in (lambda: os.chmod(copy + "/sizes/1", 0o700), lambda: os.utime(copy + "/sizes/15"),
                      lambda: os.truncate(copy + "/sizes/16", 8192), lambda: os.unlink(copy + "/links/second"),
                      lambda: os.removexattr(copy + "/attributes/file", "user.short"),
                      lambda: subprocess.run(["cp", "--sparse=never", source + "/sparse/only-hole", copy + "/sparse"], check=True)):
            before = len(made_tree.differences(source, copy))
            spoil()
            self.assertGreater(len(made_tree.differences(source, copy)), before)

    def test_a_tree_of_more_directories_than_a_process_may_open_goes_in_and_out(self):
        source = self.cluster.file("wide")
        for number in range(600):
            os.makedirs(os.path.join(source, "d%03d" % number, "below"))
        limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))}
        self.cluster.ok("put", "-r", source, "/vault/wide", **limits)
        back = self.cluster.file("wide-back")
        self.addCleanup(shutil.rmtree, back, ignore_errors=True)
        self.cluster.ok("get", "-r", "/vault/wide", back, **limits)
        self.assert_same(source, back)

    def test_copies_inside_go_where_cp_puts_them(self):
        ok = self.cluster.ok
        ok("mkdir", "-p", "/vault/from/dir", "/vault/to")
        ok("put", "-", "/vault/from/dir/file", stdin=b"content")
        for _ in range(2):  # the second merges
            ok("cp", "-r", "/vault/from/dir", "/vault/to")
        self.assertEqual(ok("ls", "/vault/to").text.split(), ["dir"])
        self.assertEqual(ok("ls", "/vault/to/dir").text.split(), ["file"])
        ok("cp", "/vault/from/dir/file", "/vault/to/named")
        ok("cp", "/vault/from/dir/file", "/vault/to/named", "/vault/to/dir")
        self.assertEqual(sorted(ok("ls", "/vault/to/dir").text.split()), ["file", "named"])
        # The content of what is copied onto or into itself stays.
        for target in ("/vault/from/dir/file", "/vault/from/dir"):
            self.assertNotEqual(self.cluster.run("cp", "/vault/from/dir/file", target).code, OK, target)
        for target in ("/vault/from", "/vault/from/dir"):
            self.assertNotEqual(self.cluster.run("cp", "-r", "/vault/from/dir", target).code, OK, target)
        self.assertEqual(ok("cat", "/vault/from/dir/file").out, b"content")
        self.assertEqual(ok("ls", "/vault/from/dir").text.split(), ["file"])

    def test_chown_and_chmod_of_a_tree_change_links_met_and_not_what_they_lead_to(self):
        ok = self.cluster.ok
        ok("mkdir", "-p", "/vault/mine/dir", "/vault/others")
        for path in ("/vault/mine/dir/file", "/vault/others/file"):
            ok("put", "-", path, stdin=b"content")
        for number, target in enumerate(("/vault/others/file", "/vault/others", "/vault/nowhere")):
            ok("ln", "-s", target, "/vault/mine/link%d" % number)
        mode = self.cluster.entry("/vault/others/file")["mode"]
        ok("chown", "-R", "12:34", "/vault/mine")
        ok("chmod", "-R", "700", "/vault/mine")
        for path in ("/vault/mine", "/vault/mine/dir", "/vault/mine/dir/file", "/vault/mine/link0", "/vault/mine/link1",
                     "/vault/mine/link2"):
            entry = self.cluster.entry(path)
            self.assertEqual((entry["uid"], entry["gid"]), (12, 34), path)
        for path in ("/vault/others", "/vault/others/file"):
            self.assertEqual(self.cluster.entry(path)["uid"], os.geteuid(), path)
        self.assertEqual(self.cluster.entry("/vault/others/file")["mode"], mode)
        ok("chown", "12", "/vault/mine/link0")
        self.assertEqual(self.cluster.entry("/vault/others/file")["uid"], 12, "a link that is named is followed")

    def test_chown_of_a_tree_is_not_led_out_of_it_by_who_changes_it_meanwhile(self):
        ok, local = self.cluster.ok, self.cluster.many_files(1000)
        ok("mkdir", "/led", "/led/mine", "/led/others")
        for owner in ("mine", "others"):
            ok("put", "-r", local, "/led/%s/many" % owner)
        chown, owner = self.cluster.chown_stopped_midway("/led/mine/many")
        ok("mv", "/led/mine/many", "/led/aside")
        ok("ln", "-s", "/led/others/many", "/led/mine/many")
        chown.send_signal(signal.SIGCONT)
        chown.communicate()
        owners = {where: {entry["uid"] for entry in ok("ls", "--json", where).json["entries"]}
                  for where in ("/led/aside", "/led/others/many")}
        self.assertEqual(owners, {"/led/aside": {owner}, "/led/others/many": {os.geteuid()}})
        self.assertEqual(chown.returncode, OK)

    def test_a_mode_by_symbols_through_a_link_is_made_of_what_it_leads_to(self):
        ok = self.cluster.ok
        ok("put", "-", "/vault/led-to", stdin=b"content")
        ok("chmod", "640", "/vault/led-to")
        ok("ln", "-s", "led-to", "/vault/leads")
        ok("chmod", "u+x", "/vault/leads")
        self.assertEqual(self.cluster.entry("/vault/led-to")["mode"], "0740")
        ok("mkdir", "/vault/led-to-tree")
        ok("put", "-", "/vault/led-to-tree/file", stdin=b"content")
        ok("ln", "-s", "led-to-tree", "/vault/leads-to-tree")
        ok("chmod", "-R", "700", "/vault/leads-to-tree")  # one that is named is followed
        self.assertEqual(self.cluster.entry("/vault/led-to-tree/file")["mode"], "0700")

    def test_what_may_not_be_entered_does_not_end_a_walk(self):
        walk = self.cluster.expect_of_somebody
        self.cluster.ok("mkdir", "-p", "/walked/a/aa", "/walked/b", "/walked/c/cc")
        for directory in ("a/aa", "b", "c/cc"):
            self.cluster.ok("put", self.cluster.local("x", b"x" * 4096), "/walked/%s/file" % directory)
        self.cluster.ok("chown", "-R", "%d:%d" % (SOMEBODY, SOMEBODY), "/walked")
        walk(OK, "chmod", "-R", "a-rwx", "/walked/a", "/walked/c")  # from below, or the second would not be found any more

        found = walk(PERMISSION, "find", "/walked")
        self.assertEqual(found.text.split(), ["/walked", "/walked/a", "/walked/b", "/walked/b/file", "/walked/c"])
        summed = walk(PERMISSION, "du", "/walked")
        self.assertRegex(summed.text, r"(?m)^ *20 KiB +1 /walked$")
        for told in (found, summed):
            self.assertRegex(told.error, "(?s)'/walked/a'.*'/walked/c'")
        walk(OK, "chmod", "-R", "u+rwX", "/walked")  # from above, or it would not be let in
        self.assertEqual(len(walk(OK, "find", "/walked").text.split()), 9)
        gone = walk(PERMISSION, "chown", "-R", "0", "/walked")
        self.assertEqual(gone.error.count("cannot change the owner of"), 9)

    def test_another_user_does_to_a_file_what_its_mode_says(self):
        somebody = self.cluster.expect_of_somebody
        mode = lambda path: self.cluster.entry(path)["mode"]
        self.cluster.ok("put", self.cluster.local("x", b"secret"), "/private")
        self.cluster.ok("chmod", "600", "/private")
        for words in (["cat", "/private"], ["debug", "raw", "/private"]):
            self.assertEqual(somebody(PERMISSION, *words).out, b"")

        program = self.cluster.local("program", b"#!")
        os.chmod(program, 0o6777)
        self.cluster.ok("put", program, "/program")
        self.assertEqual(mode("/program"), "6777")
        os.chmod(program, 0o644)
        somebody(OK, "write", "/program", "--from", program)
        self.assertEqual(mode("/program"), "0777")

        old = self.cluster.local("old", b"old")
        os.utime(old, (0, 0))
        self.cluster.ok("put", old, "/touched")
        somebody(PERMISSION, "touch", "/touched")
        self.assertTrue(self.cluster.entry("/touched")["mtime"].startswith("1970"))
        self.cluster.ok("chmod", "666", "/touched")
        somebody(OK, "touch", "/touched")
        times = self.cluster.entry("/touched")
        self.assertFalse(times["mtime"].startswith("1970"))
        self.assertEqual(times["mtime"], times["atime"])

    def test_dash_is_standard_input_and_output(self):
        content = os.urandom(3 * MIB + 17)
        self.cluster.ok("put", "-", "/vault/from-pipe", stdin=content)
        self.assertEqual(self.cluster.ok("get", "/vault/from-pipe", "-").out, content)
        self.assertEqual(self.cluster.ok("cat", "/vault/from-pipe").out, content)

    def test_a_fifo_or_a_device_gives_and_takes_bytes_as_with_cp(self):
        content = os.urandom(3 * MIB + 17)
        fifo = self.cluster.file("fifo")
        os.mkfifo(fifo)
        with subprocess.Popen(["cp", self.cluster.local("x", content), fifo]):
            self.cluster.ok("put", fifo, "/vault/from-fifo")
        self.assertEqual(self.cluster.ok("cat", "/vault/from-fifo").out, content)
        taken = self.cluster.file("taken")
        with subprocess.Popen(["cp", "--copy-contents", fifo, taken]):
            self.cluster.ok("get", "/vault/from-fifo", fifo)
        with open(taken, "rb") as file:
            self.assertEqual(file.read(), content)
        before = os.stat("/dev/null").st_mode
        self.cluster.ok("get", "/vault/from-fifo", "/dev/null")
        self.assertEqual(os.stat("/dev/null").st_mode, before)
        full = self.cluster.run("get", "/vault/from-fifo", "/dev/full")
        self.assertNotEqual(full.code, OK)
        self.assertIn("takes no more", full.error)
        self.assertTrue(stat.S_ISFIFO(os.stat(fifo).st_mode))
        # No size, and content: never an empty copy.
        self.assertIn("standard input", self.cluster.expect(ERROR, "put", "/proc/version", "/vault/version").error)


if __name__ == "__main__":
    main()
