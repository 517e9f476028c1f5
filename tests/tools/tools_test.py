#!/usr/bin/env python3
"""The tools that judge Nacre are judged first: what they must see they see, and they say so when they could not look."""
import base64
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import canary_scan  # noqa: E402

CANARY = "CANARY-7f3a-one"
OTHER = "CANARY-7f3a-two"


def scan(*arguments):
    command = [sys.executable, os.path.join(HERE, "canary_scan.py"), "--canary", CANARY, "--canary", OTHER, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def write(self, data, name="file"):
        with open(os.path.join(self.scratch.name, name), "wb") as file:
            file.write(data)

    def test_a_clean_directory_is_clean(self):
        self.write(os.urandom(1 << 20))
        self.assertEqual(scan("--dir", self.scratch.name)[0], 0)

    def test_every_form_is_seen_behind_any_bytes(self):
        raw = CANARY.encode()
        forms = [raw, raw.hex().encode(), raw.hex().upper().encode(), CANARY.encode("utf-16-le"), CANARY.encode("utf-16-be")]
        for before in (b"", b"1", b"12", b"123"):
            forms += [base64.b64encode(before + raw + b"behind"), base64.urlsafe_b64encode(before + raw + b"behind")]
        for form in forms:
            self.write(b"\0\1\2" + form + b"\3")
            code, text = scan("--dir", self.scratch.name)
            self.assertEqual(code, 1, form)
            self.assertIn(CANARY, text)

    def test_a_name_and_a_link_are_seen(self):
        self.write(b"", name="a " + CANARY)
        self.assertEqual(scan("--dir", self.scratch.name)[0], 1)
        os.remove(os.path.join(self.scratch.name, "a " + CANARY))
        os.symlink("/" + CANARY, os.path.join(self.scratch.name, "link"))
        self.assertEqual(scan("--dir", self.scratch.name)[0], 1)

    def test_a_canary_across_two_chunks_is_seen(self):
        self.write(b"." * (canary_scan.CHUNK_BYTES - 5) + CANARY.encode())
        self.assertEqual(scan("--dir", self.scratch.name)[0], 1)

    def test_expect_all_wants_every_canary(self):
        self.write(CANARY.encode())
        code, text = scan("--expect-all", "--dir", self.scratch.name)
        self.assertEqual((code, OTHER in text), (1, True))
        self.write(OTHER.encode(), name="second")
        self.assertEqual(scan("--expect-all", "--dir", self.scratch.name)[0], 0)

    def test_what_could_not_be_scanned_is_no_proof(self):
        self.assertEqual(scan("--dir", self.scratch.name + "/missing")[0], 2)
        self.assertEqual(scan("--pid", "999999999")[0], 2)
        self.write(b"no capture")
        self.assertEqual(scan("--capture", self.scratch.name + "/file")[0], 2)
        self.assertEqual(scan("--canary", "short", "--dir", self.scratch.name)[0], 2)


# Says what it holds only when asked to, and builds it so that the program text does not hold it.
HOLDER = "import sys; kept = bytes(int(x) for x in sys.stdin.readline().split()); print('ready', flush=True); sys.stdin.read()"


class MemoryTest(unittest.TestCase):
    def holds(self, data):
        child = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            child.stdin.write(" ".join(str(byte) for byte in data) + "\n")
            child.stdin.flush()
            self.assertEqual(child.stdout.readline(), "ready\n")
            return scan("--pid", str(child.pid))
        finally:
            child.stdin.close()
            child.wait()
            child.stdout.close()

    def test_a_canary_in_memory_is_seen_and_others_are_not(self):
        code, text = self.holds(CANARY.encode())
        self.assertEqual((code, CANARY in text, OTHER in text), (1, True, False))
        self.assertEqual(self.holds(b"something else entirely")[0], 0)


@unittest.skipUnless(os.geteuid() == 0, "raw sockets need root")
class CaptureTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.file = os.path.join(self.scratch.name, "traffic.pcap")

    def captured(self, parts, listen_port_shown=True):
        """Sends parts over loopback while capture.py looks; the scan's answer."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1] + (0 if listen_port_shown else 1)
            tool = subprocess.Popen([sys.executable, os.path.join(HERE, "capture.py"), "--port", str(port), self.file],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            with tool:
                self.assertEqual(tool.stdout.readline(), "capturing\n")
                sender = threading.Thread(target=self.send, args=(server.getsockname(), parts))
                sender.start()
                peer, _ = server.accept()
                with peer:
                    while peer.recv(65536):
                        pass
                sender.join()
                tool.send_signal(signal.SIGTERM)
                self.assertEqual(tool.wait(), 0, tool.stderr.read())
        return scan("--capture", self.file)

    @staticmethod
    def send(address, parts):
        with socket.create_connection(address) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts:
                connection.sendall(part)

    def test_a_canary_on_the_wire_is_seen(self):
        self.assertEqual(self.captured([os.urandom(100000) + CANARY.encode()])[0], 1)

    def test_a_canary_cut_by_packets_is_seen(self):
        code, text = self.captured([CANARY.encode()[:7], CANARY.encode()[7:]])
        self.assertEqual((code, "TCP" in text), (1, True), text)

    def test_ciphertext_on_the_wire_is_clean(self):
        self.assertEqual(self.captured([os.urandom(300000)])[0], 0)

    def test_an_empty_capture_proves_nothing(self):
        self.assertEqual(self.captured([b"sent elsewhere"], listen_port_shown=False)[0], 2)


if __name__ == "__main__":
    unittest.main()
