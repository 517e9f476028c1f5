"""Commands take words as those of coreutils do: names that look like lists, '.' and '..', slashes at the end, 'DIR/.' as a
source, '-x' as a mode; and each tells, in words or in JSON, what became of it."""

import json
import os
import subprocess
import unittest

from cluster import ERROR, EXISTS, OK, USAGE, Cluster, main

NOT_DIRECTORY = "not a directory"


class CommandWords(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(osts=2)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()

    def setUp(self):
        self.ok = self.cluster.ok
        self.top = "/" + self.id().rsplit(".", 1)[1][:60]
        self.ok("mkdir", self.top)

    def names(self, path):
        return self.ok("ls", "-a", path).text.splitlines()

    def shell(self, text):
        return self.ok("shell", "-c", "cd %s; %s" % (self.top, text))

    def test_a_name_in_brackets_is_one_name(self):
        self.shell('touch a b keep "[keep]"')
        self.assertNotEqual(self.cluster.run("shell", "-c", 'cd %s; rm "[a,b]"' % self.top).code, OK)
        self.shell('rm "[keep]"')
        self.shell('touch "[c,d]"; mkdir "[e]"; mv "[c,d]" "[e]"')
        self.assertEqual(self.names(self.top), ["[e]", "a", "b", "keep"])
        self.assertEqual(self.names(self.top + "/[e]"), ["[c,d]"])
        fid = self.ok("path2fid", self.top).text.strip()
        self.assertEqual(json.loads(self.ok("--json", "fid2path", fid).text)["fids"][0]["fid"], fid)

    def test_nothing_is_removed_or_renamed_by_dots(self):
        self.ok("mkdir", "-p", self.top + "/a/b", self.top + "/c")
        for options, names in ((["rm", "-r"], ["a/b/.."]), (["rm", "-rf"], ["c/."]), (["rm", "-r"], ["c/./"]), (["rmdir"], ["c/."]),
                               (["mv"], ["c/.", "d"]), (["mv"], ["a/b/..", "d"]), (["rm", "-r"], ["c", "a/.."])):
            result = self.cluster.run(*options, *[self.top + "/" + name for name in names])
            self.assertNotEqual(result.code, OK, (options, names))
        self.assertEqual(self.names(self.top), ["a", "c"])
        self.assertEqual(self.names(self.top + "/a"), ["b"])

    def test_a_slash_at_the_end_asks_for_a_directory(self):
        top, run = self.top, self.cluster.run
        self.ok("put", "-", top + "/file", stdin=b"content")
        self.ok("mkdir", "-p", top + "/dir/in")
        self.ok("ln", "-s", "dir", top + "/link")
        local = self.cluster.local("local", b"x")
        for words in (["rm", top + "/file/"], ["rm", "-r", top + "/link/"], ["rm", "-r", top + "/file/"], ["cat", top + "/file/"],
                      ["stat", top + "/file/"], ["mv", top + "/file/", top + "/moved"], ["mv", top + "/file", top + "/moved/"],
                      ["mv", top + "/link/", top + "/moved"], ["cp", top + "/file", top + "/copied/"], ["put", local, top + "/new/"],
                      ["put", local, top + "/file/"], ["get", top + "/file", self.cluster.file("nowhere/")], ["chmod", "600", top + "/file/"],
                      ["chmod", "-R", "u+x", top + "/file/"]):
            result = run(*words)
            self.assertEqual(result.code, ERROR, (words, str(result)))
            self.assertIn(NOT_DIRECTORY, result.error, words)
        self.assertNotEqual(run("touch", top + "/new/").code, OK)
        self.assertEqual(self.names(top), ["dir", "file", "link"])
        self.assertEqual(self.ok("ls", "-l", top + "/link/").text.split()[-1], "in", "of the directory, not the link")
        self.ok("mkdir", top + "/made/")
        self.ok("mv", top + "/made/", top + "/renamed/")
        self.ok("mv", top + "/renamed/", top + "/dir/")
        self.assertEqual(self.names(top + "/dir"), ["in", "renamed"])
        self.ok("rmdir", top + "/dir/renamed/")
        self.ok("rm", "-r", top + "/dir/")
        self.assertEqual(self.names(top), ["file", "link"])

    def test_the_children_of_a_source_that_ends_in_a_dot_are_copied(self):
        self.ok("mkdir", "-p", self.top + "/from/in/below", self.top + "/to", self.top + "/whole")
        self.ok("touch", self.top + "/from/file")
        self.ok("cp", "-r", self.top + "/from/.", self.top + "/to")
        self.assertEqual(self.names(self.top + "/to"), ["file", "in"])
        self.ok("cp", "-r", self.top + "/from/", self.top + "/whole")
        self.assertEqual(self.names(self.top + "/whole"), ["from"])
        for source, name in (("/from/.", "dot"), ("/from/in/..", "dots")):
            into = self.cluster.file(name)
            os.mkdir(into)
            self.ok("get", "-r", self.top + source, into)
            self.assertEqual(sorted(os.listdir(into)), ["file", "in"])

    def test_mkdir_p_looks_at_each_name_once(self):
        names = ["d%d" % number for number in range(60)]
        deep = self.top + "/" + "/".join(names)
        made = self.cluster.counted("mkdir", "-p", "-m", "700", deep)
        self.assertEqual(made["mds.Make"], len(names))
        self.assertLessEqual(made["mds.Lookup"], len(names) + 1)
        self.assertEqual(self.cluster.entry(deep)["mode"], "0700")
        self.assertNotIn("mds.Make", self.cluster.counted("mkdir", "-p", deep))
        self.ok("ln", "-s", names[0] + "/" + names[1], self.top + "/link")
        self.ok("mkdir", "-p", self.top + "/link/../link/../beside/it")
        self.assertEqual(self.names(self.top), ["beside", "d0", "link"])
        self.ok("ln", "-s", ".", self.top + "/here")
        loops = self.cluster.expect(ERROR, "mkdir", "-p", self.top + "/here" * 41 + "/new")
        self.assertIn("40 symbolic links", loops.error)
        self.ok("mkdir", "-p", self.top + "/here" * 40)
        self.ok("touch", self.top + "/file")
        self.ok("ln", "-s", "nothing", self.top + "/dangling")
        self.cluster.expect(EXISTS, "mkdir", "-p", self.top + "/file")
        self.cluster.expect(EXISTS, "mkdir", "-p", self.top + "/dangling")
        self.assertIn(NOT_DIRECTORY, self.cluster.expect(ERROR, "mkdir", "-p", self.top + "/file/below").error)

    def test_modes_that_begin_with_a_dash(self):
        self.ok("mkdir", "-m", "755", self.top + "/d")
        self.ok("chmod", "-x", self.top + "/d")
        self.assertEqual(self.cluster.entry(self.top + "/d")["mode"], "0644")
        self.ok("chmod", "-R", "-rw", self.top + "/d")
        self.assertEqual(self.cluster.entry(self.top + "/d")["mode"], "0000")
        self.shell("mkdir chmod; rm chmod -r")  # a name like any other, where it is not the command
        self.assertEqual(self.names(self.top), ["d"])

    def test_every_command_answers_in_json(self):
        path, local = self.top + "/f", self.cluster.local("local", b"x")
        for words in (["mkdir", path], ["rmdir", path], ["touch", path], ["chmod", "600", path], ["mv", path, path + "2"],
                      ["ln", path + "2", path], ["truncate", "-s", "5", path], ["setfattr", "-n", "user.a", "-v", "b", path], ["rm", path],
                      ["setstripe", "-c", "1", self.top], ["put", local, path]):
            self.assertEqual(json.loads(self.ok("--json", *words).text).get("failures"), [], words)
        self.ok("ln", "-s", "target", path + "3")
        self.assertEqual(json.loads(self.ok("--json", "readlink", path + "3").text)["symlinks"][0]["target"], "target")
        for words in (["rm", self.top + "/nothing"], ["find", self.top + "/nothing"], ["get", self.top + "/nothing", "x"]):
            (failure,) = json.loads(self.cluster.run("--json", *words).text)["failures"]
            self.assertEqual(failure["code"], "not found", words)
        self.assertEqual(json.loads(self.cluster.expect(USAGE, "--json", "chmod", "u%x", path).text)["failures"][0]["code"], "usage")
        self.assertEqual(self.ok("--json", "cat", path).out, b"x", "content, and nothing else")

    def test_hints_never_lead_to_the_loss_of_what_was_meant_to_be_kept(self):
        self.ok("mkdir", "-p", self.top + "/src/keep", self.top + "/dst/src/other")
        for words in (["mv", self.top + "/src", self.top + "/dst"], ["encrypt", self.top + "/src", "--key-file", self.cluster.new_key()],
                      ["cat", self.top + "/src"]):
            result = self.cluster.run(*words)
            self.assertNotEqual(result.code, OK)
            self.assertNotIn(" rm ", result.error, words)
            self.assertNotIn("-r", result.error.replace("cp -r", ""), words)
        self.assertIn("rm -r", self.cluster.run("rm", self.top + "/src").error)

    def test_exit_of_the_shell_takes_a_code(self):
        self.cluster.expect(3, "shell", "-c", "exit 3; ls /nothing")
        self.cluster.expect(USAGE, "shell", "-c", "exit many")

    def test_a_cluster_that_is_there_keeps_its_targets(self):
        result = self.cluster.expect(EXISTS, "dev", "up", self.cluster.dir, "--osts", "5")
        self.assertIn("2 OSTs", result.error)
        self.ok("dev", "up", self.cluster.dir, "--osts", "2")
        self.ok("dev", "up", self.cluster.dir)

    def test_escapes_stand_once(self):
        self.ok("mkdir", self.top + "/v\033")
        self.assertIn("/v\\x1b\n", self.ok("du", self.top + "/v\033").text)

    def test_times_out_of_reach_become_the_nearest(self):
        local = self.cluster.local("future", b"x")
        subprocess.run(["touch", "-d", "2300-06-01", local], check=True)
        self.ok("put", local, self.top + "/future")
        self.assertTrue(self.cluster.entry(self.top + "/future")["mtime"].startswith("2262-04-11"))


if __name__ == "__main__":
    main()
