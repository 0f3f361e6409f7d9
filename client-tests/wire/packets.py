"""Prints each TCP packet that passes the loopback interface as a line of JSON.

Reads them by AF_PACKET, which needs root and Linux. Says {"ready": true} first. A line on stdin names
all ports to watch, such as `8443 8480`, and is answered by {"watching": 2} once they are watched. The
end of stdin ends the program, with {"dropped": 0}: how many packets the kernel did not keep for us.
"""

import ctypes
import json
import selectors
import socket
import struct
import sys

ETH_P_IP = 0x0800
SO_RCVBUFFORCE = 33
SO_ATTACH_FILTER = 26
SOL_PACKET = 263
PACKET_STATISTICS = 6
RECEIVE_BUFFER_BYTES = 64 * 2**20
# The longest IP and TCP headers, of 60 bytes each.
SNAP_BYTES = 120
# EX_NOPERM of sysexits.h.
NO_PERMISSION = 77
FLAGS = {0x02: "SYN", 0x10: "ACK", 0x01: "FIN", 0x04: "RST"}


def watch(packets, ports):
    """Has the kernel keep only TCP packets from or to these few ports: classic BPF, on IP packets."""
    load_byte, load_header_length, load_port, jump_if_equal, keep = 0x30, 0xB1, 0x48, 0x15, 0x06
    program = [(load_byte, 0, 0, 9), (jump_if_equal, 1, 0, socket.IPPROTO_TCP), (keep, 0, 0, 0)]
    program.append((load_header_length, 0, 0, 0))
    last = len(program) + 2 * (1 + len(ports)) + 1
    for source_or_target in (0, 2):
        program.append((load_port, 0, 0, source_or_target))
        for port in ports:
            program.append((jump_if_equal, last - len(program) - 1, 0, port))
    program += [(keep, 0, 0, 0), (keep, 0, 0, SNAP_BYTES)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    fprog = struct.pack("HP", len(program), ctypes.addressof(code))
    packets.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)


def describe(packet):
    ip_bytes = (packet[0] & 0xF) * 4
    (total_bytes,) = struct.unpack_from("!H", packet, 2)
    source, target, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", packet, ip_bytes)
    return {
        "from": source,
        "to": target,
        "flags": [name for bit, name in FLAGS.items() if flags & bit],
        "seq": seq,
        "ack": ack,
        "bytes": total_bytes - ip_bytes - (offset >> 4) * 4,
    }


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")


def say_all(packets):
    try:
        while True:
            say(describe(packets.recv(SNAP_BYTES)))
    except BlockingIOError:
        sys.stdout.flush()


def main():
    try:
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    except (PermissionError, AttributeError):
        sys.stderr.write("reading packets needs root and Linux\n")
        sys.exit(NO_PERMISSION)
    packets.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
    packets.setblocking(False)
    watch(packets, [])
    # With ETH_P_ALL the loopback interface would show each packet twice.
    packets.bind(("lo", ETH_P_IP))
    say({"ready": True})
    sys.stdout.flush()

    ready = selectors.DefaultSelector()
    ready.register(packets, selectors.EVENT_READ)
    ready.register(sys.stdin, selectors.EVENT_READ)
    while True:
        chosen = [key.fileobj for key, _ in ready.select()]
        if packets in chosen:
            say_all(packets)
        if sys.stdin in chosen:
            line = sys.stdin.readline()
            if not line:
                break
            ports = [int(port) for port in line.split()]
            watch(packets, ports)
            say({"watching": len(ports)})
            sys.stdout.flush()
    say_all(packets)
    say({"dropped": struct.unpack("II", packets.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]})


main()
