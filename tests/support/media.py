"""Media that several tests use: an id, files, and bytes that begin like what they claim to be."""

import random
import struct
from pathlib import Path

import xmedia

from . import ROOT

ID = 710511363345354753
MP4 = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000002000000030802000000364d5bc9"
    "0000000b49444154789c6360c0040000150001a0a5ef3b0000000049454e44ae426082"
)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
#: The video that the package brings along.
CLIP = Path(xmedia.__file__).parent / "testing" / "clip.mp4"
#: Files that X takes, and files that break one rule each.
SAMPLES = ROOT / "tests" / "data" / "samples"


def video(size):
    """A video of so many bytes, each time other ones that are not like each other."""
    return (MP4 + random.Random(size).randbytes(size))[:size]


def gif(frames, padding=0):
    """A GIF with so many images, after a comment of about so many bytes."""
    comment = b"\x21\xfe" + b"".join(b"\xff" + bytes(255) for _ in range(padding // 256)) + b"\0"
    table = bytes(range(6))
    image = b"\x21\xf9\x04\0\0\0\0\0" + b"\x2c\0\0\0\0\x01\0\x01\0\0" + b"\x02\x02\x44\x01\0"
    return b"GIF89a\x01\0\x01\0\x80\0\0" + table + comment + image * frames + b"\x3b"


def webp(*, animated):
    """The start of a WebP file."""
    body = b"VP8X" + struct.pack("<I", 10) + bytes([0x02 if animated else 0]) + bytes(9) + bytes(20)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
