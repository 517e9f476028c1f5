#!/usr/bin/env python3
"""Writes the traffic of an interface into a pcap file until SIGTERM or SIGINT. Needs root.

  capture.py [--interface lo] [--port P]... FILE        no port: all TCP

Says "capturing" on stdout once it sees everything that is sent from then on. Exit 0: all of it is in FILE. 1: the kernel
dropped packets, FILE is not the whole truth. 2: it could not start.
"""
import argparse
import signal
import socket
import struct
import sys
import time

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_STATISTICS = 6
SO_RCVBUFFORCE = 33
RECEIVE_BUFFER_BYTES = 256 << 20  # Python takes its time, the network does not
FRAME_BYTES_MAX = 1 << 18


def tcp_ports(frame):
    """(source, destination) of a TCP frame over IPv4 or IPv6, or None."""
    if len(frame) < 54:
        return None
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and frame[23] == 6:
        return struct.unpack_from("!HH", frame, 14 + (frame[14] & 15) * 4)
    if kind == 0x86DD and frame[20] == 6:
        return struct.unpack_from("!HH", frame, 54)
    return None


def open_socket(interface):
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    raw.bind((interface, ETH_P_ALL))
    return raw


class Stop:
    """Set by a signal; what the socket still holds is written before the end."""

    def __init__(self):
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask)

    def ask(self, _number, _frame):
        self.asked = True


def capture(raw, ports, out, stop):
    """Returns the number of frames written."""
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, FRAME_BYTES_MAX, 1))
    raw.settimeout(0.1)
    buffer = bytearray(FRAME_BYTES_MAX)
    count = 0
    while True:
        try:
            length, address = raw.recvfrom_into(buffer)
        except socket.timeout:
            if stop.asked:
                return count
            continue
        if address[2] == PACKET_OUTGOING and address[0] == "lo":
            continue  # on lo every frame comes by twice
        frame = memoryview(buffer)[:length]
        found = tcp_ports(frame)
        if found is None or (ports and not ports.intersection(found)):
            continue
        now = time.time()
        out.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), length, length))
        out.write(frame)
        count += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interface", default="lo")
    parser.add_argument("--port", action="append", default=[], type=int)
    parser.add_argument("file")
    arguments = parser.parse_args()
    stop = Stop()
    try:
        raw = open_socket(arguments.interface)
        out = open(arguments.file, "wb")
    except OSError as fault:
        print("capture: %s" % fault, file=sys.stderr)
        return 2
    with raw, out:
        print("capturing", flush=True)
        count = capture(raw, set(arguments.port), out, stop)
        _, dropped = struct.unpack("II", raw.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    print("%d frames, %d dropped" % (count, dropped), file=sys.stderr)
    return 1 if dropped else 0


if __name__ == "__main__":
    sys.exit(main())
