"""Sizes are exact and contents right after every mix of writes, truncates and punches at page, stripe and sub-page borders,
and after thousands of random ones, in encrypted and plain files, on one stripe and on three; what lies on disk is whole pages.

One `nacre shell` runs many operations: after each it stats the file and fetches it, and both are compared with a model."""

import json
import os
import random
import shutil
import unittest

from cluster import FULL, KIB, PAGE, SEED, Cluster, main

STRIPE = 64 * KIB
LENGTHS = [0, 1, 15, 16, 17, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 1, 2 * PAGE, 2 * PAGE + 1, 3 * PAGE - 1, 3 * PAGE, 3 * PAGE + 1]
STRIPE_LENGTHS = [STRIPE - 1, STRIPE, STRIPE + 1, 2 * STRIPE, 3 * STRIPE - 1, 3 * STRIPE, 3 * STRIPE + 1, 4 * STRIPE + PAGE + 7]
RANDOM_OPERATIONS = 10_000 if FULL else 1_500
RANDOM_BYTES_MAX = 5 * STRIPE
BATCH = 250


class Model:
    """What the file must be."""

    def __init__(self):
        self.bytes = bytearray()

    def write(self, offset, data):
        if not data:
            return
        if offset > len(self.bytes):
            self.bytes.extend(bytes(offset - len(self.bytes)))
        self.bytes[offset:offset + len(data)] = data

    def truncate(self, size):
        del self.bytes[size:]
        self.bytes.extend(bytes(size - len(self.bytes)))

    def punch(self, offset, length):
        end = min(offset + length, len(self.bytes))
        if offset < end:
            self.bytes[offset:end] = bytes(end - offset)


class Script:
    """Operations on files, run through one shell, each followed by a look at the file."""

    def __init__(self, test, cluster):
        self.test, self.cluster = test, cluster
        self.scratch = cluster.file("scratch")
        self.models = {}
        self.lines, self.checks = [], []

    def local(self, name, data):
        os.makedirs(self.scratch, exist_ok=True)
        path = os.path.join(self.scratch, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def put(self, path, data):
        self.models[path] = Model()
        self.models[path].write(0, data)
        self.lines.append("put %s %s" % (self.local("put%d" % len(self.lines), data), path))

    def write(self, path, offset, data):
        self.models[path].write(offset, data)
        self.lines.append("write %s --offset %d --from %s" % (path, offset, self.local("write%d" % len(self.lines), data)))
        self.look(path)

    def truncate(self, path, size):
        self.models[path].truncate(size)
        self.lines.append("truncate -s %d %s" % (size, path))
        self.look(path)

    def punch(self, path, offset, length):
        self.models[path].punch(offset, length)
        self.lines.append("punch %s --offset %d --length %d" % (path, offset, length))
        self.look(path)

    def look(self, path):
        copy = os.path.join(self.scratch, "look%d" % len(self.checks))
        self.checks.append((path, list(self.lines[-4:]), bytes(self.models[path].bytes), copy))
        self.lines += ["stat --json %s" % path, "get %s %s" % (path, copy)]
        if len(self.checks) >= BATCH:
            self.run()

    def run(self):
        result = self.cluster.ok("shell", stdin=("\n".join(self.lines) + "\n").encode())
        stats = [json.loads(line) for line in result.text.splitlines() if line.startswith("{")]
        self.test.assertEqual(len(stats), len(self.checks), result)
        for stat, (path, lines, wanted, copy) in zip(stats, self.checks):
            entry = stat["entries"][0] if "entries" in stat else stat
            self.test.assertEqual(int(entry["size"]), len(wanted), "%s after %s" % (path, lines))
            with open(copy, "rb") as file:
                self.compare(file.read(), wanted, "%s after %s" % (path, lines))
        for path in self.cluster.object_files():
            try:
                size = os.path.getsize(path)
            except FileNotFoundError:
                continue  # of a file emptied before: destroyed in the background, between listing and looking
            self.test.assertEqual(size % PAGE, 0, "%s is not whole pages" % path)
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.makedirs(self.scratch)
        self.lines, self.checks = [], []

    def compare(self, got, wanted, where):
        if got == wanted:
            return
        first = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
        self.test.fail("%s: %d bytes, wanted %d; first difference at %d: %r, wanted %r" % (
            where, len(got), len(wanted), first, got[first:first + 16], wanted[first:first + 16]))


class ExactSize(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(osts=3)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()
        cls.cluster.ok("encrypt", "/vault", "--key-file", cls.cluster.new_key())
        cls.cluster.ok("mkdir", "/plain")
        cls.directories = []
        for top in ("/vault", "/plain"):
            for stripes in (1, 3):
                path = "%s/stripes-%d" % (top, stripes)
                cls.cluster.ok("mkdir", path)
                cls.cluster.ok("setstripe", "-c", str(stripes), "-S", "64K", path)
                cls.directories.append(path)

    def setUp(self):
        self.rng = random.Random(SEED)

    def script(self):
        return Script(self, self.cluster)

    def test_every_truncate_and_growth_between_border_lengths(self):
        for directory in self.directories:
            with self.subTest(directory=directory):
                script = self.script()
                lengths = LENGTHS + STRIPE_LENGTHS[::3]
                for begin in lengths:
                    for end in (lengths if FULL else self.rng.sample(lengths, 7)):
                        path = "%s/t-%d-%d" % (directory, begin, end)
                        script.put(path, self.rng.randbytes(begin))
                        script.truncate(path, end)
                        # What lay beyond the end must not come back, whichever way the file grows again.
                        if self.rng.random() < 0.5:
                            script.truncate(path, end + self.rng.choice([1, 100, PAGE, STRIPE]))
                        else:
                            script.write(path, end + self.rng.choice([0, 0, 1, PAGE - 1, PAGE, STRIPE + 1]), b"appended")
                script.run()

    def test_every_overwrite_and_append_between_border_offsets(self):
        for directory in self.directories:
            with self.subTest(directory=directory):
                script = self.script()
                borders = [0, 1, 16, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE - 1, 2 * PAGE, 2 * PAGE + 1, 3 * PAGE]
                pairs = [(a, b) for a in borders for b in borders if a < b]
                stripes = [STRIPE - PAGE, STRIPE - 1, STRIPE, STRIPE + 1, 2 * STRIPE, 3 * STRIPE + 1]
                pairs += [(a, b) for a in stripes for b in stripes if a < b]
                for length in (0, PAGE + 5, 3 * PAGE + 1, 3 * STRIPE):
                    for begin, end in (pairs if FULL else self.rng.sample(pairs, 20)):
                        path = "%s/w-%d-%d-%d" % (directory, length, begin, end)
                        script.put(path, self.rng.randbytes(length))
                        script.write(path, begin, self.rng.randbytes(end - begin))
                script.run()

    def test_every_punch_between_border_offsets(self):
        for directory in self.directories:
            with self.subTest(directory=directory):
                script = self.script()
                borders = [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE + 1, STRIPE - 1, STRIPE, STRIPE + 1, 3 * STRIPE]
                pairs = [(a, b) for a in borders for b in borders if a < b]
                for length in (PAGE + 5, 2 * STRIPE + 100):
                    for begin, end in (pairs if FULL else self.rng.sample(pairs, 15)):
                        path = "%s/p-%d-%d-%d" % (directory, length, begin, end)
                        script.put(path, self.rng.randbytes(length))
                        script.punch(path, begin, end - begin)
                script.run()

    def test_random_operations_agree_with_a_model(self):
        script = self.script()
        files = ["%s/random-%d" % (directory, number) for directory in self.directories for number in range(2)]
        for path in files:
            script.put(path, b"")
        for _ in range(RANDOM_OPERATIONS):
            path = self.rng.choice(files)
            operation = self.rng.choice(["write", "write", "append", "truncate", "punch"])
            if operation == "write":
                script.write(path, self.some_offset(), self.rng.randbytes(self.some_length()))
            elif operation == "append":
                size = len(script.models[path].bytes)
                script.write(path, min(size, RANDOM_BYTES_MAX), self.rng.randbytes(self.some_length()))
            elif operation == "truncate":
                script.truncate(path, self.some_offset())
            else:
                script.punch(path, self.some_offset(), self.some_length())
        script.run()

    def some_offset(self):
        border = self.rng.choice([0, PAGE, STRIPE, 2 * STRIPE, self.rng.randrange(RANDOM_BYTES_MAX)])
        return max(0, border + self.rng.choice([0, 0, -1, 1, self.rng.randrange(-PAGE, PAGE)]))

    def some_length(self):
        return max(1, self.rng.choice([1, 16, PAGE, STRIPE, self.rng.randrange(1, 2 * STRIPE)]) + self.rng.choice([0, -1, 1]))

    def test_reads_of_any_range_agree_with_the_file(self):
        for directory in self.directories:
            content = self.rng.randbytes(3 * STRIPE + 1234)
            path = directory + "/ranges"
            self.cluster.ok("put", self.cluster.local("content", content), path)
            for _ in range(40 if FULL else 10):
                offset, length = self.some_offset(), self.some_length()
                got = self.cluster.ok("read", path, "--offset", str(offset), "--length", str(length)).out
                self.assertEqual(got, content[offset:offset + length], (path, offset, length))

    def test_a_size_holds_beyond_restarts_and_in_listings(self):
        sizes = {}
        for directory in self.directories:
            for length in LENGTHS:
                path = "%s/listed-%d" % (directory, length)
                self.cluster.ok("put", self.cluster.local("content", self.rng.randbytes(length)), path)
                sizes[path] = length
        for target in sorted(self.cluster.targets()):
            self.cluster.stop(target)
        for target in sorted(self.cluster.targets()):
            self.cluster.start(target)
        for directory in self.directories:
            found = {directory + "/" + entry["name"]: entry["size"] for entry in self.cluster.entries(directory)}
            for path, length in sizes.items():
                if path.startswith(directory + "/"):
                    self.assertEqual(found[path], length, path)

    def test_the_check_can_fail(self):
        script = self.script()
        path = self.directories[0] + "/control"
        script.put(path, b"x" * 100)
        script.models[path].write(50, b"y")
        script.truncate(path, 90)
        with self.assertRaises(AssertionError):
            script.run()


if __name__ == "__main__":
    main()
