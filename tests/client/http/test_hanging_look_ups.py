"""A name server that does not answer costs the calls that need it their time, and nobody else anything."""

import os
import shutil
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="no way to hold up look-ups of names here"
)

PRELUDE = """
import asyncio, contextlib, pathlib, sys, time
import xmedia
from xmedia.testing import MockServer
auth = xmedia.OAuth2("t")

def client(name, **options):
    return xmedia.Client(auth, base_url=f"https://{name}.hangs", retry=None, **options)

def look_ups():
    found = 0
    for thread in pathlib.Path("/proc/self/task").iterdir():
        # Others may end meanwhile.
        with contextlib.suppress(OSError):
            found += (thread / "comm").read_text() == "xmedia-dns\\n"
    return found

def timed(call, error=xmedia.RequestTimeoutError):
    began = time.monotonic()
    try:
        call()
    except error:
        return time.monotonic() - began
    raise AssertionError("no error")
"""


@pytest.fixture(scope="module")
def resolver(build_shim):
    """The library that holds look-ups up."""
    return build_shim("hanging_resolver.c")


def run(resolver, code):
    environ = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    command = [sys.executable, "-W", "ignore", "-c", PRELUDE + code]
    done = subprocess.run(
        command, env=environ | {"LD_PRELOAD": resolver}, capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ("connect_timeout=0.3", "status(1)"),
        ("connect_timeout=None, request_timeout=0.3", "status(1)"),
        ("connect_timeout=None, request_timeout=None", "status(1, timeout=0.3)"),
        ("connect_timeout=None, request_timeout=None", "finalize(1, timeout=0.3)"),
        ("connect_timeout=None, request_timeout=None", "upload(b'', media_type='video/mp4', timeout=0.3)"),
    ],
)
def test_each_bound_holds(resolver, options, call):
    call = call.replace("b''", "bytes(5000)")
    run(resolver, f"assert timed(lambda: client('a', {options}).{call}) < 1.3")


def test_a_call_can_be_given_up(resolver):
    code = """
async def main():
    async with asyncio.timeout(0.2):
        await client("a", connect_timeout=None, request_timeout=None).status_async(1, timeout=None)
assert timed(lambda: asyncio.run(main()), TimeoutError) < 1.2
"""
    run(resolver, code)


def test_files_and_other_servers_are_not_held_up(resolver, tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(3_000_000))
    code = f"""
async def main():
    hanging = [
        asyncio.create_task(client(f"host{{number}}", connect_timeout=50).status_async(1)) for number in range(600)
    ]
    while look_ups() < 600:
        await asyncio.sleep(0.05)
    with MockServer(check_after_secs=0.01) as server:
        began = time.monotonic()
        media = await server.client().upload_async({str(path)!r}, check="off", checkpoint={str(tmp_path / "kept")!r})
        # A look-up of one of the others takes 50 s.
        assert time.monotonic() - began < 20
        assert server.media(media.media_id).size == 3_000_012
    for task in hanging:
        task.cancel()
    await asyncio.wait(hanging)
asyncio.run(main())
"""
    run(resolver, code)


def test_those_who_look_up_the_same_name_wait_for_one_look_up(resolver):
    code = """
one = client("a", connect_timeout=0.3, max_connections=200)
async def main():
    calls = (one.status_async(1) for _ in range(100))
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(error, xmedia.RequestTimeoutError) for error in errors), errors
    assert look_ups() == 1
asyncio.run(main())
"""
    run(resolver, code)
