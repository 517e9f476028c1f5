"""fsck with real processes: nothing is found while others work; what a metadata server that lost its newest changes
leaves on the OSTs is found and destroyed; what an OST has lost is told; and only root and the owner of / may look."""

import os
import re
import shutil
import subprocess
import threading
import time
import unittest

import made_tree
from cluster import (FULL, INTEGRITY, KIB, OK, PARTIAL, PERMISSION, SEED, SOMEBODY, UNAVAILABLE, Cluster, main,
                     wait_until)

FSCK_ERRORS = 26


class Fsck(unittest.TestCase):
    def setUp(self):
        self.cluster = Cluster(osts=2)
        self.addCleanup(self.cluster.end)
        self.cluster.up()
        self.cluster.ok("encrypt", "/vault", "--key-file", self.cluster.new_key())
        self.source = self.cluster.file("source")
        made_tree.make_tree(self.source, SEED)
        self.cluster.ok("put", "-r", self.source, "/vault/tree")

    def check(self, code, *options):
        return self.cluster.expect(code, "fsck", "--json", *options).json

    def kinds(self, report):
        return sorted({finding["kind"] for finding in report["findings"]})

    def assert_tree_whole(self):
        back = self.cluster.file("back")
        shutil.rmtree(back, ignore_errors=True)
        self.cluster.ok("get", "-r", "/vault/tree", back)
        self.assertEqual(made_tree.differences(self.source, back), [])

    def stop_and_swap(self, target, store, change):
        """While the target is stopped, its store is replaced by a copy taken before change() was called."""
        place = os.path.join(self.cluster.target_dir(target), store)
        copy = self.cluster.file("copy-of-" + target)
        self.cluster.stop(target)
        shutil.copytree(place, copy)
        self.cluster.start(target)
        change()
        self.cluster.stop(target)
        shutil.rmtree(place)
        shutil.move(copy, place)
        self.cluster.start(target)

    def stored_bytes(self):
        return sum(os.stat(path).st_blocks * 512 for path in self.cluster.object_files())

    def test_nothing_is_found_and_people_and_programs_are_told_so(self):
        report = self.check(OK)
        self.assertEqual((report["findings"], report["found"], report["left"]), ([], 0, 0))
        self.assertGreater(report["rows"], 50)
        self.assertIn("nothing is wrong", self.cluster.ok("fsck").text)
        self.assertEqual(self.check(OK, "--repair")["mended"], 0)
        self.assertNotIn("mds.Mend", self.cluster.counted("fsck", "--repair"))

    def test_nothing_is_found_while_others_work(self):
        stop, failures = threading.Event(), []

        def work(number):
            place = "/vault/busy%d" % number
            while not stop.is_set():
                for words in (["put", "-r", self.source, place], ["mv", place, place + "-moved"],
                              ["rm", "-r", place + "-moved"]):
                    result = self.cluster.run(*words)
                    if result.code != OK:
                        failures.append(str(result))
                        return

        workers = [threading.Thread(target=work, args=(number,)) for number in range(2)]
        for worker in workers:
            worker.start()
        try:
            for round_number in range(200 if FULL else 15):
                self.check(OK, *(["--repair"] if round_number % 2 else []))
        finally:
            stop.set()
            for worker in workers:
                worker.join()
        self.assertEqual(failures, [])
        self.check(OK)
        self.assert_tree_whole()

    def test_objects_of_files_that_the_metadata_server_forgot_are_destroyed(self):
        before = self.stored_bytes()
        count = 10

        def put_files():
            for number in range(count):
                self.cluster.ok("put", self.cluster.local("x", os.urandom(300 * KIB)), "/vault/new%d" % number)
            time.sleep(3)  # the OSTs hear that these sessions are over, of which the metadata server then knows nothing

        self.stop_and_swap("mdt0", "db", put_files)
        self.assertGreater(self.stored_bytes(), before + count * 290 * KIB)
        report = self.check(FSCK_ERRORS)
        self.assertEqual((self.kinds(report), report["found"]), (["orphan-object"], count))
        self.assertEqual(self.check(FSCK_ERRORS)["found"], count, "looking changed something")
        text = self.cluster.expect(FSCK_ERRORS, "fsck").text
        self.assertIn("orphan-object", text)
        self.assertIn("--repair", text)
        report = self.check(OK, "--repair")
        self.assertEqual((report["mended"], report["left"]), (count, 0))
        self.assertEqual(self.check(OK)["found"], 0)
        wait_until(lambda: self.stored_bytes() < before + 290 * KIB, "the objects are destroyed")
        self.assert_tree_whole()
        self.cluster.ok("put", self.cluster.local("x", b"later"), "/vault/later")
        self.assertEqual(self.check(OK)["found"], 0)

    def test_data_that_an_ost_has_lost_is_told_and_files_stay_as_they_are(self):
        self.cluster.ok("setstripe", "-c", "1", "-i", "1", "/vault/lost")
        content = self.cluster.local("x", os.urandom(300 * KIB))
        self.stop_and_swap("ost1", "db", lambda: self.cluster.ok("put", content, "/vault/lost"))
        for options in ([], ["--repair"], []):
            report = self.check(FSCK_ERRORS, *options)
            found = [(finding["kind"], finding["path"], finding["mendable"]) for finding in report["findings"]]
            self.assertEqual(found, [("size", "/vault/lost", False)])
        self.assertEqual(self.cluster.entry("/vault/lost")["size"], 300 * KIB)
        self.assert_tree_whole()
        self.cluster.ok("rm", "/vault/lost")
        self.check(OK)

    def test_an_inode_whose_context_is_damaged_is_told_and_does_not_hide_its_neighbours(self):
        for name in ("good", "bad-file", "bad-directory/below"):
            if "/" in name:
                self.cluster.ok("mkdir", "-p", "/vault/d/" + os.path.dirname(name))
            else:
                self.cluster.ok("mkdir", "-p", "/vault/d")
            self.cluster.ok("put", self.cluster.local("x", name.encode()), "/vault/d/" + name)
        fids = [self.cluster.entry("/vault/d/" + name)["fid"] for name in ("bad-file", "bad-directory")]
        self.cluster.stop("mdt0")
        for fid, context in zip(fids, ("", "no context")):
            subprocess.run([os.environ["NACRE_DAMAGE_CONTEXT"], os.path.join(self.cluster.target_dir("mdt0"), "db"), fid, context],
                           check=True)
        self.cluster.start("mdt0")

        report = self.check(FSCK_ERRORS, "--repair")
        found = sorted({(finding["kind"], finding["path"], finding["mendable"]) for finding in report["findings"]})
        self.assertEqual(found, [("context", "/vault/d/bad-directory", False), ("context", "/vault/d/bad-file", False)])
        names = "bad-directory\nbad-file\ngood\n"
        for words in (["ls"], ["ls", "-R"]):
            listed = self.cluster.expect(INTEGRITY, *words, "/vault/d")
            self.assertIn(names, listed.text)
            for name, fid in zip(("bad-file", "bad-directory"), fids):
                self.assertRegex(listed.error, "(?s)/vault/d/%s.*%s" % (name, re.escape(fid)))
        long = self.cluster.expect(INTEGRITY, "ls", "-l", "/vault/d").text
        self.assertRegex(long, r"(?m)^\?{10}  bad-file$")
        found = self.cluster.expect(INTEGRITY, "find", "/vault/d")
        self.assertIn("/vault/d/good\n", found.text)
        self.assertRegex(found.error, "(?s)'/vault/d/bad-directory'.*'/vault/d/bad-file'")
        back = self.cluster.file("back-of-d")
        copied = self.cluster.expect(PARTIAL, "get", "-r", "/vault/d", back)
        self.assertIn("bad-file", copied.error)
        self.assertEqual(os.listdir(back), ["good"])
        self.cluster.expect(INTEGRITY, "cat", "/vault/d/bad-file")

        damaged = {entry["name"]: entry for entry in self.cluster.expect(INTEGRITY, "ls", "--json", "/vault/d").json["entries"]}
        self.assertEqual(["problem" in damaged[name] for name in ("bad-file", "bad-directory", "good")], [True, True, False])
        self.assertEqual([damaged[name]["fid"] for name in ("bad-file", "bad-directory")], fids)
        self.assertIn("/vault/d/good", self.cluster.expect(INTEGRITY, "find", "--json", "/vault/d").json["paths"])
        self.assertIn("/vault/d", self.cluster.expect(INTEGRITY, "du", "/vault/d").text)

        self.cluster.ok("rm", "-r", "/vault/d/bad-directory")
        self.cluster.ok("rm", "-r", "/vault/d")
        self.assertEqual(self.check(OK)["found"], 0)
        self.assert_tree_whole()

    def test_only_root_and_the_owner_of_the_root_directory_may(self):
        refused = self.cluster.expect_of_somebody(PERMISSION, "fsck")
        self.assertIn("only root", refused.error)
        self.assertEqual(refused.out, b"")
        self.cluster.ok("chown", SOMEBODY, "/")
        self.cluster.expect_of_somebody(OK, "fsck")

    def test_an_ost_that_is_away_is_named_and_the_wait_ends(self):
        self.cluster.kill("ost1")
        begin = time.monotonic()
        result = self.cluster.expect(UNAVAILABLE, "fsck", "--wait-timeout", "2s")
        self.assertIn("OST0001", result.error)
        self.assertLess(time.monotonic() - begin, 60)
        self.cluster.start("ost1")
        self.check(OK)

    def test_a_restarted_metadata_server_is_waited_for(self):
        self.cluster.kill("mdt0")
        self.cluster.start("mdt0")
        self.check(OK)

    def test_it_is_in_the_help_and_in_the_completion(self):
        self.assertIn("--repair", self.cluster.ok("fsck", "--help").text)
        self.assertIn("nacre fsck --repair", self.cluster.ok("help", "fsck").text)
        self.assertIn("'nacre fsck'", self.cluster.ok("completion", "bash").text)


if __name__ == "__main__":
    main()
