"""Small files that X takes, and segments that are never finalized."""

from __future__ import annotations

import struct
import zlib
from importlib import resources

_SIDE = 64
#: A file that begins as an MP4 does; what follows is never looked at, since no FINALIZE follows.
_MP4_HEAD = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41"


def image() -> bytes:
    """A PNG of 64 × 64 pixels in one colour."""
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x1d\x9b\xf0" * _SIDE) * _SIDE
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gif() -> bytes:
    """An animated GIF of 64 × 64 pixels and four images of a tenth of a second."""
    size = struct.pack("<HH", _SIDE, _SIDE)
    colours = bytes((0x1D, 0x9B, 0xF0, 0xFF, 0xFF, 0xFF))
    forever = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    images = b"".join(
        b"\x21\xf9\x04\0\x0a\0\0\0" + b"\x2c\0\0\0\0" + size + b"\0" + b"\x02" + _pixels(number % 2)
        for number in range(4)
    )
    return b"GIF89a" + size + b"\x80\0\0" + colours + forever + images + b"\x3b"


def _pixels(colour: int) -> bytes:
    """One colour all over: LZW that begins anew after every second pixel, so that no code gets longer than 3 bits."""
    clear, end = 4, 5
    codes = [code for _ in range(_SIDE * _SIDE // 2) for code in (clear, colour, colour)] + [end]
    bits = sum(code << 3 * at for at, code in enumerate(codes))
    data = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
    blocks = (data[at : at + 255] for at in range(0, len(data), 255))
    return b"".join(bytes((len(block),)) + block for block in blocks) + b"\0"


def video() -> bytes:
    """The clip of three seconds that comes with xmedia."""
    return (resources.files("xmedia.testing") / "clip.mp4").read_bytes()


def segment(size: int) -> bytes:
    """So many bytes that begin like a video."""
    return _MP4_HEAD.ljust(size, b"\0")
