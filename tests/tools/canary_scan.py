#!/usr/bin/env python3
"""Looks for canaries (known clear text) where only ciphertext may be: files, process memory, captured traffic.

  canary_scan.py (--canary TEXT | --canaries FILE)... [--dir D]... [--pid P]... [--capture F]... [--expect-all]

Each canary is looked for as it is, in hex (both cases), in base64 and base64url at each of the three alignments, and in
UTF-16 of both byte orders; in the paths of files below D as well as in them; in every readable mapping of process P; in
capture F (tests/tools/capture.py) frame by frame and in the TCP streams put together again.

Exit 0: nothing found. 1: found, each place is listed. 2: the scan could not be done in full, so it proves nothing.
--expect-all turns it round, to show that the scan can see: 0 when every canary was found somewhere, 1 when not.
"""
import argparse
import base64
import os
import struct
import sys

CANARY_BYTES_MIN = 8     # shorter ones turn up by chance, above all in base64
CHUNK_BYTES = 8 << 20
HITS_SHOWN = 50


class Incomplete(Exception):
    """Something that was to be scanned could not be read."""


def encodings(canary):
    """(name, bytes) of every form a canary may take."""
    forms = [("raw", canary), ("hex", canary.hex().encode()), ("HEX", canary.hex().upper().encode())]
    for shift in range(3):
        # Characters that also depend on the bytes before or behind are cut off.
        text = base64.b64encode(b"\0" * shift + canary)
        first = (0, 2, 3)[shift]
        whole = (shift + len(canary)) * 8 // 6
        forms.append(("base64+%d" % shift, text[first:whole]))
        forms.append(("base64url+%d" % shift, text[first:whole].translate(bytes.maketrans(b"+/", b"-_"))))
    try:
        letters = canary.decode()
        forms += [("UTF-16LE", letters.encode("utf-16-le")), ("UTF-16BE", letters.encode("utf-16-be"))]
    except UnicodeDecodeError:
        pass
    return forms


class Scanner:
    def __init__(self, canaries):
        self.patterns = {}
        for canary in canaries:
            for name, form in encodings(canary):
                self.patterns.setdefault(form, (canary, name))
        self.overlap = max(map(len, self.patterns)) - 1
        # Canaries that begin alike are first looked for by that beginning: one search per form instead of one per canary.
        common = os.path.commonprefix(canaries)
        marker = len(canaries) > 1 and len(common) >= CANARY_BYTES_MIN
        self.markers = {form for _, form in encodings(common)} if marker else None
        self.hits = []
        self.found = set()
        self.bytes_scanned = 0

    def scan(self, data, where, offset=0):
        self.bytes_scanned += len(data)
        if self.markers is not None and not any(marker in data for marker in self.markers):
            return
        for form, (canary, name) in self.patterns.items():
            at = data.find(form)
            if at >= 0:
                self.found.add(canary)
                self.hits.append("%s: at byte %d: %r as %s" % (where, offset + at, canary.decode(errors="replace"), name))

    def scan_stream(self, read, where):
        """read(n) gives the next bytes; what lies across two chunks is found too."""
        tail, offset = b"", 0
        while True:
            chunk = read(CHUNK_BYTES)
            if not chunk:
                return
            window = tail + chunk
            self.scan(window, where, offset - len(tail))
            offset += len(chunk)
            tail = window[-self.overlap:]


def scan_directory(scanner, top):
    if not os.path.isdir(top):
        raise Incomplete("%s is no directory" % top)
    for folder, folders, names in os.walk(os.fsencode(top)):
        for name in folders + names:
            path = os.path.join(folder, name)
            shown = os.fsdecode(path)
            scanner.scan(name, "the name of " + shown)
            if os.path.islink(path):
                scanner.scan(os.readlink(path), "the link " + shown)
            elif os.path.isfile(path):
                try:
                    with open(path, "rb", buffering=0) as file:
                        scanner.scan_stream(file.read, shown)
                except FileNotFoundError:
                    pass  # servers remove files while we look


def readable_mappings(pid):
    with open("/proc/%d/maps" % pid, encoding="utf-8", errors="replace") as maps:
        for line in maps:
            fields = line.split(None, 5)
            place = fields[5].strip() if len(fields) > 5 else ""
            # Pages of the kernel's own, which cannot be read, and those of devices.
            if "r" in fields[1] and not place.startswith(("[v", "/dev/")):
                begin, end = (int(part, 16) for part in fields[0].split("-"))
                yield begin, end, place


def scan_process(scanner, pid):
    try:
        with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
            seen = 0
            for begin, end, place in readable_mappings(pid):
                seen += scan_mapping(scanner, memory, pid, begin, end, place)
            if seen == 0:
                raise Incomplete("nothing of process %d could be read" % pid)
    except OSError as fault:
        raise Incomplete("process %d: %s" % (pid, fault)) from fault


def scan_mapping(scanner, memory, pid, begin, end, place):
    position = begin

    def read(most):
        nonlocal position
        if position >= end:
            return b""
        try:
            memory.seek(position)
            data = memory.read(min(most, end - position))
        except (OSError, OverflowError):
            return b""  # unmapped since, or pages nobody may read
        position += len(data)
        return data

    scanner.scan_stream(read, "memory of process %d at %x %s" % (pid, begin, place))
    return position - begin


def tcp_segment(frame):
    """(flow, sequence number, payload) of an Ethernet frame, or None."""
    if len(frame) < 54:
        return None
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and frame[23] == 6:
        begin, addresses = 14 + (frame[14] & 15) * 4, frame[26:34]
        end = 14 + struct.unpack_from("!H", frame, 16)[0]
    elif kind == 0x86DD and frame[20] == 6:
        begin, addresses = 54, frame[22:54]
        end = 54 + struct.unpack_from("!H", frame, 18)[0]
    else:
        return None
    if end <= begin:  # segmentation left to hardware that is not there: the length field is 0
        end = len(frame)
    header = (frame[begin + 12] >> 4) * 4
    sequence = struct.unpack_from("!I", frame, begin + 4)[0]
    return addresses + frame[begin:begin + 4], sequence, frame[begin + header:end]


def frames_of(path):
    with open(path, "rb") as capture:
        if capture.read(24)[:4] != struct.pack("<I", 0xA1B2C3D4):
            raise Incomplete("%s is no pcap file of ours" % path)
        while True:
            header = capture.read(16)
            if len(header) < 16:
                return
            yield capture.read(struct.unpack("<IIII", header)[2])


def scan_capture(scanner, path):
    streams, count = {}, 0
    for frame in frames_of(path):
        count += 1
        scanner.scan(frame, "%s: frame %d" % (path, count))
        segment = tcp_segment(frame)
        if segment and segment[2]:
            streams.setdefault(segment[0], []).append(segment[1:])
    if count == 0:
        raise Incomplete("%s holds no frame" % path)
    for flow, segments in streams.items():
        ports = struct.unpack("!HH", flow[-4:])
        scan_tcp_stream(scanner, segments, "%s: TCP %d -> %d" % (path, *ports))


def scan_tcp_stream(scanner, segments, where):
    first = segments[0][0]
    ordered = {}
    for sequence, payload in segments:  # a segment sent again counts once
        ordered.setdefault((sequence - first + (1 << 31)) % (1 << 32), payload)
    parts = iter([ordered[key] for key in sorted(ordered)])

    def read(most):
        got = b""
        for part in parts:
            got += part
            if len(got) >= most // 8:
                break
        return got

    scanner.scan_stream(read, where)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canary", action="append", default=[])
    parser.add_argument("--canaries", action="append", default=[], metavar="FILE", help="one a line")
    parser.add_argument("--dir", action="append", default=[])
    parser.add_argument("--pid", action="append", default=[], type=int)
    parser.add_argument("--capture", action="append", default=[])
    parser.add_argument("--expect-all", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.dir or arguments.pid or arguments.capture):
        parser.error("nothing to scan: --dir, --pid or --capture")
    return arguments


def canaries_of(arguments):
    canaries = [os.fsencode(text) for text in arguments.canary]
    for path in arguments.canaries:
        with open(path, "rb") as lines:
            canaries += lines.read().splitlines()
    canaries = sorted({canary for canary in canaries if canary})
    if not canaries:
        raise Incomplete("no canary given")
    for canary in canaries:
        if len(canary) < CANARY_BYTES_MIN:
            raise Incomplete("canary %r is shorter than %d bytes" % (canary, CANARY_BYTES_MIN))
    return canaries


def report(scanner, canaries, expect_all):
    print("%d places, %.1f MiB scanned for %d canaries" % (len(scanner.hits), scanner.bytes_scanned / 2**20, len(canaries)))
    if expect_all:
        missing = [canary for canary in canaries if canary not in scanner.found]
        for canary in missing:
            print("not found: %r" % canary.decode(errors="replace"))
        return 1 if missing else 0
    for hit in scanner.hits[:HITS_SHOWN]:
        print(hit)
    if len(scanner.hits) > HITS_SHOWN:
        print("and %d more" % (len(scanner.hits) - HITS_SHOWN))
    return 1 if scanner.hits else 0


def main():
    arguments = parse_arguments()
    try:
        canaries = canaries_of(arguments)
        scanner = Scanner(canaries)
        for directory in arguments.dir:
            scan_directory(scanner, directory)
        for pid in arguments.pid:
            scan_process(scanner, pid)
        for capture in arguments.capture:
            scan_capture(scanner, capture)
    except (Incomplete, OSError) as fault:
        print("canary_scan: %s" % fault, file=sys.stderr)
        return 2
    return report(scanner, canaries, arguments.expect_all)


if __name__ == "__main__":
    sys.exit(main())
