"""How many requests each command costs, as the client counts them (--stats) and as the servers do: the context of a file
travels in the requests that are made anyway, a create is one request, nothing is asked twice."""

import os
import unittest

from cluster import Cluster, main

# Connecting, the grant of FIDs and the walk to the parent stand apart.
APART = {"mds.Connect", "mds.Disconnect", "mds.GetClusterMap", "mds.GrantFids", "mds.Heartbeat", "oss.Connect", "oss.Disconnect"}
# What a separate fetch of a context, of attributes or of a layout would look like.
SEPARATE = ("mds.GetAttr", "mds.GetXattrs", "mds.GetPath", "oss.Glimpse")
PARENTS = ("/vault/a/b", "/plain/a/b")


class RpcCount(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(osts=2)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()
        cls.key = cls.cluster.new_key()
        cls.cluster.ok("encrypt", "/vault", "--key-file", cls.key)
        cls.cluster.ok("mkdir", "-p", "/vault/a/b")
        cls.cluster.ok("mkdir", "-p", "/plain/a/b")
        cls.small = cls.cluster.local("small", b"four kilobytes" * 300)
        for top in ("/vault", "/plain"):
            cls.cluster.ok("put", cls.small, top + "/a/b/file")

    def cost(self, *words, **options):
        """Requests of a command without what stands apart; the walk is left in."""
        counts = self.cluster.counted(*words, **options)
        for operation in SEPARATE:
            self.assertNotIn(operation, counts, words)
        return {operation: calls for operation, calls in counts.items() if operation not in APART}

    def assert_cost(self, wanted, words, at_most=(), **options):
        """Exactly `wanted`, and of each operation in `at_most` not more than it says."""
        cost = self.cost(*words, **options)
        for operation, most in dict(at_most).items():
            self.assertLessEqual(cost.pop(operation, 0), most, (operation, words))
        self.assertEqual(cost, wanted, words)

    def test_a_create_is_one_request_to_the_metadata_server(self):
        for parent in PARENTS:
            self.assert_walk(["touch", parent + "/new"], {"mds.Open": 1}, 7, {"mds.Close": 1})
            self.assert_walk(["mkdir", parent + "/newdir"], {"mds.Make": 1}, 4)
            self.assert_walk(["ln", "-s", "target", parent + "/newlink"], {"mds.Make": 1}, 7)
            self.assert_walk(["put", self.small, parent + "/newfile"], {"mds.Open": 1, "oss.Write": 1}, 7,
                             {"mds.Close": 1, "oss.Commit": 1})

    def assert_walk(self, words, wanted, lookups, at_most=(), **options):
        """`wanted`, at most that many Lookups on the way to it, and nothing else."""
        most = dict({"mds.Lookup": lookups}, **dict(at_most))
        if words[0] not in ("stat", "cat", "ls", "debug"):
            most["mds.Commit"] = 1  # at its end, for all it changed
        self.assert_cost(wanted, words, most, **options)

    def test_looking_and_changing_fetch_no_context_separately(self):
        for parent in PARENTS:
            file = parent + "/file"
            self.assert_walk(["stat", file], {}, 4)
            self.assert_walk(["cat", file], {"mds.Open": 1, "oss.Read": 1}, 3, {"mds.Close": 1})
            self.assert_walk(["debug", "raw", file], {"mds.Open": 1, "oss.Read": 1}, 4, {"mds.Close": 1})
            self.assert_walk(["chmod", "640", file], {"mds.SetAttr": 1}, 4)
            self.assert_walk(["ls", "-l", parent], {"mds.Readdir": 1}, 3)
            self.assert_walk(["truncate", "-s", "1000", file], {"mds.Truncate": 1, "oss.Read": 1}, 4,
                             {"mds.Open": 1, "mds.Close": 1})
            self.assert_walk(["truncate", "-s", "0", file], {}, 4, {"mds.Open": 1, "mds.Close": 1, "mds.Truncate": 1})
            self.assert_walk(["write", file], {"mds.Open": 1, "oss.Write": 1}, 3,
                             {"mds.Close": 1, "oss.Read": 1, "oss.Commit": 1}, stdin=b"abc")
            self.assert_walk(["mv", file, file + "2"], {"mds.Rename": 1}, 10)
            self.assert_walk(["ln", file + "2", file], {"mds.Link": 1}, 11)
            self.assert_walk(["rm", file + "2"], {"mds.Unlink": 1}, 4)

    def test_ls_of_10_000_entries_costs_11_requests(self):
        tree = self.cluster.file("many")
        os.mkdir(tree)
        for number in range(10_000):
            with open(os.path.join(tree, "entry-%05d" % number), "w") as file:
                file.write("x" if number % 100 == 0 else "")
        for top in ("/vault", "/plain"):
            with self.subTest(top=top):
                put = self.cluster.counted("put", "-r", tree, top + "/many")
                self.assertEqual(put["mds.Open"], 10_000)
                self.assertLessEqual(put["mds.GrantFids"], 12)
                self.assertEqual(put["oss.Write"], 100)
                result = self.cluster.ok("ls", "-l", top + "/many", "--stats")
                self.assertEqual(len([line for line in result.out.splitlines() if b"entry-" in line]), 10_000)
                for operation in SEPARATE:
                    self.assertNotIn(operation, result.stats)
                requests = sum(calls for operation, calls in result.stats.items()
                               if operation not in APART and operation != "mds.Lookup")
                self.assertLessEqual(requests, 11, result.stats)
                self.assertLessEqual(result.stats.get("mds.Lookup", 0), 4)

    def test_a_hundred_small_files_cost_a_hundred_creates_and_writes_and_few_others(self):
        tree = self.cluster.file("hundred")
        os.mkdir(tree)
        for number in range(100):
            with open(os.path.join(tree, str(number)), "wb") as file:
                file.write(os.urandom(100 + number * 50))
        for parent in PARENTS:
            cost = self.cost("put", "-r", tree, parent + "/hundred")
            self.assertEqual(cost.pop("mds.Open"), 100)
            self.assertEqual(cost.pop("oss.Write"), 100)
            self.assertEqual(cost.pop("mds.Make"), 1)
            few = {"mds.Close": 10, "oss.Commit": 10, "mds.SetAttr": 2, "mds.Lookup": 8, "mds.Commit": 1}
            for operation, calls in cost.items():
                self.assertLessEqual(calls, few.get(operation, 0), (operation, cost))

    def test_the_servers_count_the_same(self):
        # MDS and OSTs also talk to each other: only what comes from clients alone is compared.
        of_mds = ("Lookup", "Open", "Close", "Make", "Readdir", "SetAttr", "Truncate", "Unlink", "Rename", "Link", "GetAttr",
                  "GrantFids")
        of_oss = ("Write", "Read")
        for parent in PARENTS:
            for words in (["put", self.small, parent + "/counted"], ["cat", parent + "/counted"], ["stat", parent + "/counted"],
                          ["truncate", "-s", "77", parent + "/counted"], ["ls", "-l", parent], ["mkdir", parent + "/counted-dir"],
                          ["mv", parent + "/counted", parent + "/counted2"], ["rm", parent + "/counted2"]):
                start = self.server_totals()
                idle = self.server_totals()
                client = self.cluster.counted(*words)
                after = self.server_totals()
                for kind, operations in (("mds", of_mds), ("oss", of_oss)):
                    for operation in operations:
                        key = kind + "." + operation
                        cost_of_asking = idle.get(key, 0) - start.get(key, 0)
                        servers = after.get(key, 0) - idle.get(key, 0) - cost_of_asking
                        self.assertEqual(servers, client.get(key, 0), "%s of %s" % (key, words))

    def server_totals(self):
        totals = {}
        for server, counts in self.cluster.server_counts().items():
            kind = "mds" if server.startswith("mdt") else "oss"
            for operation, calls in counts.items():
                key = kind + "." + operation.rpartition(".")[2]
                totals[key] = totals.get(key, 0) + calls
        return totals

    def test_session_statistics_are_shown_in_the_shell(self):
        shown = self.cluster.ok("shell", stdin=b"stat /vault/a/b\nstats --json\n").text
        self.assertIn("Lookup", shown)


if __name__ == "__main__":
    main()
