"""A random workload on a directory of the filesystem, with a local directory that must look the same: every change is made
there once the command that made it here has said Ok. Names and contents carry canaries."""

import filecmp
import os
import shutil

CANARY = "canary-of-the-tree-model-5f1c"
FILE_BYTES_MAX = 300_000
BIG_BYTES = 3 << 20


class TreeModel:
    def __init__(self, cluster, top, rng, run):
        """run(words, stdin): has the command finished well? Else it was cut off, and says nothing of what it did."""
        self.cluster, self.top, self.rng, self.run = cluster, top, rng, run
        self.local = cluster.file("model")
        os.mkdir(self.local)
        self.made = 0
        self.commands = 0

    def content(self):
        size = BIG_BYTES if self.rng.randrange(6) == 0 else self.rng.randrange(FILE_BYTES_MAX)
        return (CANARY.encode() + self.rng.randbytes(size))[:size] if size else b""

    def files(self):
        return sorted(os.path.join(at, name)[len(self.local) + 1:] for at, _, names in os.walk(self.local) for name in names)

    def directories(self):
        return sorted(name for name in os.listdir(self.local) if os.path.isdir(os.path.join(self.local, name)))

    def remote(self, name):
        return self.top + "/" + name

    def here(self, name):
        return os.path.join(self.local, name)

    def do(self, *words, stdin=b""):
        self.commands += 1
        self.run(words, stdin)

    def fresh(self):
        self.made += 1
        return "%s-%d" % (CANARY, self.made)

    def step(self):
        """One random change."""
        if len(self.directories()) < 2:
            return self.put_tree()
        if len(self.directories()) > 6:
            return self.remove_tree()
        return self.rng.choice([self.put_tree, self.put_file, self.put_file, self.write, self.write, self.truncate,
                                self.truncate, self.move, self.move, self.remove, self.remove_tree])()

    def put_tree(self):
        name = self.fresh()
        source = self.here(name)
        os.makedirs(os.path.join(source, "sub"))
        for number in range(self.rng.randrange(2, 8)):
            with open(os.path.join(source, self.rng.choice(["", "sub"]), "%s-%d" % (CANARY, number)), "wb") as file:
                file.write(self.content())
        self.do("put", "-r", source, self.remote(name))

    def put_file(self):
        """A new one, or over an old one."""
        files = self.files()
        old = files and self.rng.randrange(2) == 0
        name = self.rng.choice(files) if old else self.rng.choice(self.directories()) + "/" + self.fresh()
        with open(self.here(name), "wb") as file:
            file.write(self.content())
        self.do("put", self.here(name), self.remote(name))

    def some_file(self):
        files = self.files()
        if not files:
            self.put_file()
            files = self.files()
        return self.rng.choice(files)

    def write(self):
        name = self.some_file()
        offset = self.rng.randrange(os.path.getsize(self.here(name)) + 1)
        piece = self.content()[:100_000]
        self.do("write", self.remote(name), "--offset", str(offset), stdin=piece)
        with open(self.here(name), "r+b") as file:
            file.seek(offset)
            file.write(piece)

    def truncate(self):
        name = self.some_file()
        size = self.rng.choice([0, self.rng.randrange(1, FILE_BYTES_MAX)])
        self.do("truncate", "-s", str(size), self.remote(name))
        os.truncate(self.here(name), size)

    def move(self):
        name = self.some_file()
        target = self.rng.choice(self.directories()) + "/" + self.fresh()
        self.do("mv", self.remote(name), self.remote(target))
        os.rename(self.here(name), self.here(target))

    def remove(self):
        name = self.some_file()
        self.do("rm", self.remote(name))
        os.unlink(self.here(name))

    def remove_tree(self):
        name = self.rng.choice(self.directories())
        self.do("rm", "-r", self.remote(name))
        shutil.rmtree(self.here(name))

    def differences(self):
        """What the filesystem shows otherwise."""
        back = self.cluster.file("back")
        shutil.rmtree(back, ignore_errors=True)
        self.cluster.ok("get", "-r", self.top, back)
        return differences(self.local, back, "")


def differences(left, right, below):
    compared = filecmp.dircmp(os.path.join(left, below), os.path.join(right, below), ignore=[])
    found = ["only in the model: " + os.path.join(below, name) for name in compared.left_only]
    found += ["not in the model: " + os.path.join(below, name) for name in compared.right_only + compared.common_funny]
    for name in compared.common_files:
        path = os.path.join(below, name)
        if not filecmp.cmp(os.path.join(left, path), os.path.join(right, path), shallow=False):
            found.append("content: " + path)
    for name in compared.common_dirs:
        found += differences(left, right, os.path.join(below, name))
    return found
