"""What the servers hold decrypts, with code that shares nothing with Nacre (tests/tools/independent_decrypt.py), to what was
put in: contents of many sizes and stripes, names read off the no-key listing, symlinks."""

import base64
import os
import random
import subprocess
import sys
import unittest

from cluster import KIB, MIB, PAGE, SEED, TOOLS, Cluster, main


class IndependentDecrypt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(osts=3)
        cls.addClassCleanup(cls.cluster.end)
        cls.cluster.up()
        cls.key = cls.cluster.new_key()
        cls.cluster.ok("encrypt", "/vault", "--key-file", cls.key)
        cls.rng = random.Random(SEED)

    def decrypt(self, *words, data=b""):
        done = subprocess.run([sys.executable, os.path.join(TOOLS, "independent_decrypt.py"), *words, "--key-file", self.key],
                              input=data, capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def context_of(self, path):
        text = self.cluster.ok("debug", "context", path).text.strip()
        self.assertRegex(text, "^[0-9a-f]{80}$")
        return text

    def check_file(self, path, content):
        raw = self.cluster.ok("debug", "raw", path).out
        self.assertEqual(len(raw), (len(content) + PAGE - 1) // PAGE * PAGE, path)
        self.assertEqual(self.decrypt("pages", "--context", self.context_of(path), "--size", str(len(content)), data=raw),
                         content, path)

    def test_contents_of_every_size_decrypt(self):
        for size in (0, 1, 15, 16, 17, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 3 * PAGE + 1, 100 * KIB + 7, MIB, MIB + 1):
            content = self.rng.randbytes(size)
            path = "/vault/size-%d" % size
            self.cluster.ok("put", self.cluster.local("content", content), path)
            self.check_file(path, content)

    def test_striped_files_decrypt_by_file_page_number(self):
        for stripe in ("64K", "1M"):
            self.cluster.ok("mkdir", "/vault/striped-" + stripe)
            self.cluster.ok("setstripe", "-c", "3", "-S", stripe, "/vault/striped-" + stripe)
            content = self.rng.randbytes(4 * MIB + 12345)
            path = "/vault/striped-%s/file" % stripe
            self.cluster.ok("put", self.cluster.local("content", content), path)
            self.check_file(path, content)
            one = self.cluster.ok("debug", "raw", path, "--page", "300").out
            self.assertEqual(one, self.cluster.ok("debug", "raw", path).out[300 * PAGE:301 * PAGE])

    def test_overwritten_truncated_and_punched_files_decrypt(self):
        path, content = "/vault/changed", bytearray(self.rng.randbytes(20 * PAGE))
        self.cluster.ok("put", self.cluster.local("content", bytes(content)), path)
        piece = self.rng.randbytes(5000)
        self.cluster.ok("write", path, "--offset", "3000", stdin=piece)
        content[3000:8000] = piece
        self.cluster.ok("truncate", "-s", "70001", path)
        del content[70001:]
        self.check_file(path, bytes(content))
        self.cluster.ok("punch", path, "--offset", "10000", "--length", "20000")
        content[10000:30000] = bytes(20000)
        self.check_file(path, bytes(content))
        # Holes are zero pages: 12288..28671 are the whole pages of the punched range.
        self.assertEqual(self.cluster.ok("debug", "raw", path).out[3 * PAGE:7 * PAGE], bytes(4 * PAGE))

    def test_every_file_has_a_nonce_of_its_own_and_no_key_is_needed_for_raw_pages(self):
        content = bytes(PAGE)
        raws, contexts = set(), set()
        for number in range(3):
            path = "/vault/same-%d" % number
            self.cluster.ok("put", self.cluster.local("content", content), path)
            raws.add(self.cluster.ok("debug", "raw", path).out)
            contexts.add(self.context_of(path)[48:])
        self.assertEqual((len(raws), len(contexts)), (3, 3))
        self.cluster.ok("encrypt", "/sealed", "--key-file", self.key)
        self.cluster.ok("put", self.cluster.local("content", b"abc" * 2000), "/sealed/file")
        raw = self.cluster.ok("debug", "raw", "/sealed/file").out
        self.cluster.ok("lock", "/sealed")
        try:
            name = self.cluster.ok("ls", "/sealed").text.strip()
            self.assertEqual(self.cluster.ok("debug", "raw", "/sealed/" + name).out, raw)
        finally:
            self.cluster.ok("unlock", "/sealed", "--key-file", self.key)

    def test_names_and_symlinks_decrypt(self):
        names = sorted(["a", "of fifteen byte", "of-sixteen-bytes", "gr\u00fc\u00df", "n" * 100, "m" * 149])
        self.cluster.ok("encrypt", "/names", "--key-file", self.key)
        for name in names:
            self.cluster.ok("mkdir", "/names/" + name)
        target = "some/where/" + "t" * 50
        self.cluster.ok("ln", "-s", target, "/vault/link")
        context, link_context = self.context_of("/names"), self.context_of("/vault/link")
        self.cluster.ok("lock", "/names")  # and with it /vault, which has the same key
        self.addCleanup(self.cluster.ok, "unlock", "/names", "--key-file", self.key)
        hidden = self.cluster.ok("ls", "/names").text.split()
        clear = []
        for name in hidden:
            stored = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4))[8:]
            if len(stored) <= 149:
                clear.append(self.decrypt("name", stored.hex(), "--context", context)[:-1].decode())
            else:
                # Longer ones end in a digest of what is not shown: only the first 149 bytes are there.
                self.assertEqual(len(stored), 149 + 32)
        self.assertEqual(sorted(clear), [name for name in names if (len(name) + 31) // 32 * 32 <= 149])
        # The locked link shows 8 zero bytes, then the ciphertext of its target.
        link = next(entry["name"] for entry in self.cluster.entries("/vault") if entry["kind"] == "symlink")
        shown = self.cluster.ok("readlink", "/vault/" + link).text.strip()
        stored = base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4))[8:]
        framed = len(stored).to_bytes(2, "little") + stored
        self.assertEqual(self.decrypt("symlink", framed.hex(), "--context", link_context)[:-1].decode(), target)

    def test_a_wrong_key_and_a_changed_page_do_not_decrypt(self):
        content = self.rng.randbytes(PAGE)
        self.cluster.ok("put", self.cluster.local("content", content), "/vault/control")
        raw = bytearray(self.cluster.ok("debug", "raw", "/vault/control").out)
        raw[100] ^= 1
        context = self.context_of("/vault/control")
        self.assertNotEqual(self.decrypt("pages", "--context", context, "--size", "4096", data=bytes(raw)), content)
        other = self.cluster.new_key("other")
        done = subprocess.run([sys.executable, os.path.join(TOOLS, "independent_decrypt.py"), "pages", "--context", context,
                               "--size", "4096", "--key-file", other], input=bytes(raw), capture_output=True)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    main()
