#!/usr/bin/env python3
"""The judge of resends is judged first: it sees a request that is sent again, however it is cut into segments, and a byte
that differs."""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import bulk_writes  # noqa: E402

PORT = 7101


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def write_message(xid, pages, replay=0, offset=0):
    request = field(1, 1) + field(4, b"c" * 16) + field(5, 9) + field(6, 1) + field(7, xid) + (field(9, 1) if replay else b"")
    header = field(1, request) + field(2, field(1, b"fid")) + field(7, offset) + field(8, len(pages) // 4096)
    return field(1, header) + field(3, pages)


def http2(messages, piece=16384):
    out = bulk_writes.PREFACE + struct.pack("!I", 0)[1:] + b"\4\0" + struct.pack("!I", 0)
    for number, message in enumerate(messages):
        data = b"\0" + struct.pack("!I", len(message)) + message
        for at in range(0, len(data), piece):
            part = data[at:at + piece]
            last = at + piece >= len(data)
            out += struct.pack("!I", len(part))[1:] + b"\0" + (b"\1" if last else b"\0") + struct.pack("!I", 2 * number + 1) + part
    return out


def frame(source, sequence, payload, flags):
    tcp = struct.pack("!HHIIBBHHH", source, PORT, sequence % (1 << 32), 0, 5 << 4, flags, 0, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
    return b"\0" * 12 + b"\x08\0" + ip + tcp


class BulkWrites(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.frames = []

    def connect(self, source, stream, cuts=1460, shuffle=None):
        start = (1 << 32) - 700  # wraps
        self.frames.append(frame(source, start, b"", 2))
        segments = [(start + 1 + at, stream[at:at + cuts]) for at in range(0, len(stream), cuts)]
        if shuffle is not None:
            segments += shuffle.sample(segments, len(segments) // 3)  # sent twice
            shuffle.shuffle(segments)
        self.frames += [frame(source, sequence, payload, 16) for sequence, payload in segments]

    def judge(self):
        path = os.path.join(self.scratch.name, "pcap")
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 1))
            for data in self.frames:
                file.write(struct.pack("<IIII", 0, 0, len(data), len(data)) + data)
        done = subprocess.run([sys.executable, os.path.join(HERE, "bulk_writes.py"), "--port", str(PORT), path],
                              capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def test_the_same_bytes_again_are_counted(self):
        rng = random.Random(1)
        one, two = rng.randbytes(4 * 4096), rng.randbytes(4096)
        self.connect(40000, http2([write_message(1, one), write_message(2, two)]), shuffle=rng)
        self.connect(40001, http2([write_message(1, one, replay=1)]))
        code, report = self.judge()
        self.assertEqual(code, 0)
        self.assertEqual((report["requests"], report["pages"], report["sent_again"], report["replayed"]), (2, 5, 1, 1))
        self.assertEqual(report["bytes_compared"], 4 * 4096)

    def test_one_bit_that_differs_is_seen(self):
        page = bytearray(4096)
        self.connect(40000, http2([write_message(1, bytes(page))]))
        page[4000] = 1
        self.connect(40000, http2([write_message(1, bytes(page))]))
        code, report = self.judge()
        self.assertEqual((code, len(report["differences"])), (1, 1))

    def test_the_same_bytes_for_another_place_are_seen(self):
        self.connect(40000, http2([write_message(1, bytes(4096))]))
        self.connect(40001, http2([write_message(1, bytes(4096), offset=4096)]))
        self.assertEqual(self.judge()[0], 1)

    def test_a_message_that_was_cut_short_is_counted_apart(self):
        stream = http2([write_message(1, bytes(8 * 4096))])
        self.connect(40000, stream[:-9000])
        code, report = self.judge()
        self.assertEqual((code, report["requests"], report["cut_short"]), (0, 0, 1))

    def test_what_is_no_capture_is_no_proof(self):
        path = os.path.join(self.scratch.name, "x")
        with open(path, "wb") as file:
            file.write(b"nothing")
        command = [sys.executable, os.path.join(HERE, "bulk_writes.py"), "--port", "1", path]
        self.assertEqual(subprocess.run(command, capture_output=True, check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
