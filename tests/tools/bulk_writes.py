#!/usr/bin/env python3
"""Compares what clients wrote to object servers, each request by each: whatever is sent again (a resend, a replay after a
restart) must carry the very bytes of its first send. Reads the wire itself, so it believes no client.

  bulk_writes.py --port P [--port P]... CAPTURE...      of tests/tools/capture.py; P: where the object servers listen

Prints one JSON object: requests, pages, sent_again (of them: resent, replayed), bytes_compared, cut_short (messages whose
connection ended before they did), differences. Exit 0: all alike. 1: a request was sent again with other bytes. 2: a
capture could not be read.

Only connections whose beginning was captured are read. A request is known by client id, session, slot and xid.
"""
import argparse
import hashlib
import json
import struct
import sys

from canary_scan import Incomplete, frames_of, tcp_segment

PAGE = 4096
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, END_STREAM, PADDED = 0, 1, 8
SYN = 2


class Malformed(Exception):
    """No protobuf message, or not of the kind that was looked for."""


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a protobuf message: an int, or the bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
            if at > len(data):
                raise Malformed
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = int.from_bytes(data[at:at + size], "little"), at + size
        else:
            raise Malformed
        yield number, value


class Write:
    """One WriteRequest (docs/formats.md, page data on the wire)."""

    def __init__(self, message):
        parts = list(fields(message))
        if not parts or parts[0][0] != 1 or parts[-1][0] != 3 or len(parts) != 2:
            raise Malformed
        header, pages = dict(fields(parts[0][1])), parts[1][1]
        if not isinstance(header.get(1), bytes) or header.get(8, 0) * PAGE != len(pages) or not pages:
            raise Malformed
        request = dict(fields(header[1]))
        if len(request.get(4, b"")) != 16 or not isinstance(header.get(2), bytes):
            raise Malformed
        self.key = (request[4].hex(), request.get(5, 0), request.get(6, 0), request.get(7, 0))
        self.resent, self.replay = bool(request.get(8, 0)), bool(request.get(9, 0))
        self.bytes = len(pages)
        where = header[2] + struct.pack("!Q", header.get(7, 0))
        self.digest = hashlib.sha256(where + pages).digest()


class Connection:
    """What one client sends over one TCP connection, put in order and cut into gRPC messages."""

    def __init__(self, sequence):
        self.expected = (sequence + 1) % (1 << 32)
        self.early = {}
        self.buffer = bytearray()
        self.begun = False
        self.streams = {}

    def segment(self, sequence, payload):
        """Yields the messages that end in it."""
        self.early.setdefault(sequence, payload)
        while True:
            # What was sent again may begin anywhere before the byte that is wanted.
            for known in list(self.early):
                behind = (self.expected - known) % (1 << 32)
                if behind < 1 << 31:
                    part = self.early.pop(known)[behind:]
                    if part:
                        self.buffer += part
                        self.expected = (self.expected + len(part)) % (1 << 32)
                        break
            else:
                break
        yield from self.messages()

    def messages(self):
        if not self.begun:
            if len(self.buffer) < len(PREFACE):
                return
            if not self.buffer.startswith(PREFACE):
                raise Incomplete("a connection to an object server does not speak HTTP/2")
            del self.buffer[:len(PREFACE)]
            self.begun = True
        at = 0
        while len(self.buffer) - at >= 9:
            length = int.from_bytes(self.buffer[at:at + 3], "big")
            if len(self.buffer) - at - 9 < length:
                break
            kind, flags = self.buffer[at + 3], self.buffer[at + 4]
            stream = int.from_bytes(self.buffer[at + 5:at + 9], "big") & 0x7FFFFFFF
            if kind == DATA:
                yield from self.data(stream, flags, bytes(self.buffer[at + 9:at + 9 + length]))
            at += 9 + length
        del self.buffer[:at]

    def data(self, stream, flags, payload):
        if flags & PADDED:
            payload = payload[1:len(payload) - payload[0]]
        held = self.streams.setdefault(stream, bytearray())
        held += payload
        while len(held) >= 5 and len(held) >= 5 + int.from_bytes(held[1:5], "big"):
            end = 5 + int.from_bytes(held[1:5], "big")
            yield bytes(held[5:end])
            del held[:end]
        if flags & END_STREAM:
            self.streams.pop(stream)


class Ledger:
    """Every request seen, by its first send."""

    def __init__(self, ports):
        self.ports = set(ports)
        self.first = {}
        self.counts = dict.fromkeys(("requests", "pages", "sent_again", "resent", "replayed", "bytes_compared", "cut_short"), 0)
        self.differences = []

    def read(self, path):
        connections = {}
        for frame in frames_of(path):
            segment = tcp_segment(frame)
            if segment is None:
                continue
            flow, sequence, payload = segment
            if struct.unpack("!HH", flow[-4:])[1] not in self.ports:
                continue
            if flags_of(frame) & SYN:
                self.close(connections.get(flow))
                connections[flow] = Connection(sequence)
            elif payload and flow in connections:
                for message in connections[flow].segment(sequence, payload):
                    self.take(message)
        for connection in connections.values():
            self.close(connection)

    def close(self, connection):
        if connection is not None:
            self.counts["cut_short"] += sum(1 for held in connection.streams.values() if len(held) > PAGE)

    def take(self, message):
        try:
            write = Write(message)
        except Malformed:
            return  # another call
        first = self.first.get(write.key)
        if first is None:
            self.first[write.key] = write.digest
            self.counts["requests"] += 1
            self.counts["pages"] += write.bytes // PAGE
            return
        self.counts["sent_again"] += 1
        self.counts["resent"] += write.resent
        self.counts["replayed"] += write.replay
        self.counts["bytes_compared"] += write.bytes
        if first != write.digest:
            self.differences.append("client %s session %d slot %d xid %d" % write.key)

    def report(self):
        return dict(self.counts, differences=self.differences)


def flags_of(frame):
    begin = 14 + (frame[14] & 15) * 4 if frame[12] == 8 else 54
    return frame[begin + 13]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", action="append", required=True, type=int)
    parser.add_argument("captures", nargs="+")
    arguments = parser.parse_args()
    ledger = Ledger(arguments.port)
    try:
        for path in arguments.captures:
            ledger.read(path)
    except (Incomplete, OSError) as fault:
        print("bulk_writes: %s" % fault, file=sys.stderr)
        return 2
    print(json.dumps(ledger.report()))
    return 1 if ledger.differences else 0


if __name__ == "__main__":
    sys.exit(main())
