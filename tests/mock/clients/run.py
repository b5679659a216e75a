"""Drives other people's clients against the mock server and compares what came through, byte for byte.

Not part of the ordinary tests: it installs the clients from PyPI, npm and crates.io, into a directory of its own.

    python tests/mock/clients/run.py [--workdir DIR] [NAME ...]
"""

import argparse
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from urllib.request import urlopen

from xmedia.testing import MockServer

HERE = Path(__file__).parent
PACKAGES = {
    "tweepy": "4.17.0",
    "twython": "3.9.1",
    "TwitterAPI": "2.8.2",
    "python-twitter": "3.5",
    "peony-twitter": "2.1.2",
    "xdk": "0.10.6",
}
#: A command line in Rust.
XURL = "4.5.1"
#: Driver, API version, authentication.
RUNS = [
    ("python/drive_tweepy.py", "1.1", "oauth1"),
    ("python/drive_twython.py", "1.1", "oauth1"),
    ("python/drive_twitterapi.py", "1.1", "oauth1"),
    ("python/drive_twitterapi.py", "2", "oauth1"),
    ("python/drive_twitterapi.py", "2", "oauth2"),
    ("python/drive_python_twitter.py", "1.1", "oauth1"),
    ("python/drive_peony.py", "1.1", "oauth1"),
    ("python/drive_xdk.py", "2", "oauth1"),
    ("python/drive_xdk.py", "2", "oauth2"),
    ("python/drive_xurl.py", "2", "oauth1"),
    ("node/drive_twitter_api_v2.cjs", "1.1", "oauth1"),
    ("node/drive_twitter_api_v2.cjs", "2", "oauth1"),
    ("node/drive_twitter_api_v2.cjs", "2", "oauth2"),
    ("node/drive_xdk.cjs", "2", "oauth1"),
    ("node/drive_xdk.cjs", "2", "oauth2"),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workdir", type=Path, default=Path(tempfile.gettempdir()) / "xmedia-foreign-clients")
    parser.add_argument("names", nargs="*", help="only drivers with one of these in their name")
    options = parser.parse_args()
    options.workdir.mkdir(parents=True, exist_ok=True)
    python = install_python(options.workdir / "venv")
    node = install_node(options.workdir / "node")
    wanted = not options.names or any(name in "python/drive_xurl.py" for name in options.names)
    xurl = install_xurl(options.workdir / "rust") if wanted else None
    video, image = make_files(options.workdir)
    failures = 0
    for driver, api, auth in RUNS:
        if options.names and not any(name in driver for name in options.names):
            continue
        command = [python, HERE / driver] if driver.endswith(".py") else [node, options.workdir / driver]
        if command[0] is None:
            print(f"skip  {driver} {api} {auth}: no node or npm here")
            continue
        if "xurl" in driver and xurl is None:
            print(f"skip  {driver} {api} {auth}: no cargo here")
            continue
        problem = run(command, api, auth, video, image, {"XURL": str(xurl)})
        failures += problem is not None
        print(
            f"{'ok  ' if problem is None else 'FAIL'}  {driver} {api} {auth}{'' if problem is None else ': ' + problem}"
        )
    return 1 if failures else 0


def run(command: list[object], api: str, auth: str, video: Path, image: Path, environ: dict[str, str]) -> str | None:
    """Run one driver; the answer is what went wrong."""
    # X's xdk takes whole seconds only.
    with MockServer(processing=("pending", "succeeded"), check_after_secs=1) as server:
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        task = {name: getattr(server.auth, name) for name in names}
        task |= {
            "oauth2_access_token": "mock-oauth2-access-token",
            "url": server.url,
            "api": api,
            "auth": auth,
            "video": str(video),
            "image": str(image),
        }
        words = [str(part) for part in [*command, json.dumps(task)]]
        try:
            ended = subprocess.run(
                words, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environ}
            )
        except subprocess.TimeoutExpired:
            return "no end within 120 seconds"
        if ended.returncode != 0:
            answers = [(request.command, request.status) for request in server.requests][-5:]
            return f"{ended.stderr.strip()[-1500:]}\nlast answers: {answers}"
        result = json.loads(ended.stdout.strip().splitlines()[-1])
        with urlopen(f"{server.url}/__media", timeout=10) as answer:
            table = json.load(answer)
        for kind, file in (("video", video), ("image", image)):
            expected = hashlib.sha256(file.read_bytes()).hexdigest()
            if table.get(result[kind], {}).get("sha") != expected:
                return f"the {kind} did not come through: {table}"
        return None


def install_python(venv: Path) -> Path:
    """A virtual environment with the Python clients."""
    python = venv / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = venv / "installed.json"
    if not stamp.exists() or json.loads(stamp.read_text()) != PACKAGES:
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        wanted = [f"{name}=={version}" for name, version in PACKAGES.items()]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted, "aiofiles", "filetype"], check=True)
        stamp.write_text(json.dumps(PACKAGES))
    return python


def install_xurl(directory: Path) -> Path | None:
    """The command line in Rust, built from its own lock file."""
    cargo = shutil.which("cargo")
    if cargo is None:
        return None
    command = [cargo, "install", "--quiet", "--debug", "--locked", "--root", directory]
    subprocess.run([*command, "xurl-rs", "--version", XURL], check=True)
    return directory / "bin" / "xr"


def install_node(directory: Path) -> str | None:
    """Node, in a directory that has the JavaScript clients and the drivers."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    directory.mkdir(exist_ok=True)
    for file in (HERE / "node").iterdir():
        if file.is_file():
            shutil.copy(file, directory)
    subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund"], cwd=directory, check=True)
    return node


def make_files(directory: Path) -> tuple[Path, Path]:
    """A video of several segments and an image; no client looks further than at their first bytes."""
    noise = hashlib.shake_256(b"xmedia")
    video, image = directory / "clip.mp4", directory / "picture.png"
    video.write_bytes(b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41" + noise.digest(3_500_000))
    pixels = b"".join(b"\0" + noise.digest(64 * 3 * row)[-64 * 3 :] for row in range(1, 49))
    header = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks))
    return video, image


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    sys.exit(main())
