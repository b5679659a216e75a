"""A sync verb in a running event loop's thread: it works, and one warning in a process says that it blocks the loop."""

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
    import asyncio, sys, threading, warnings
    import xmedia
    from xmedia.testing import MockServer

    warnings.simplefilter("always")
    {before}
    with MockServer() as server, server.client() as client:
        server.add_media(1)

        async def main():
            {body}

        asyncio.run(main())
"""


def warnings_of(body, before=""):
    program = textwrap.dedent(PROGRAM).format(body=body, before=before)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return [line for line in done.stderr.splitlines() if "Warning" in line]


def test_the_first_blocking_verb_warns_and_no_other():
    [warning] = warnings_of("client.finalize(1), client.status(1), client.finalize(1)")
    assert "RuntimeWarning: finalize() blocks the event loop" in warning
    assert warning.endswith("Use finalize_async() instead")


def test_a_login_is_named_by_its_own_method():
    body = (
        "login = xmedia.OAuth2Login('mock-client-id', base_url=server.url); login.finish(server.authorize(login.url))"
    )
    [warning] = warnings_of(body)
    assert "RuntimeWarning: finish() blocks the event loop" in warning
    assert warning.endswith("Use finish_async() instead")


def test_it_names_the_line_of_the_program():
    [warning] = warnings_of("client.finalize(1)")
    assert warning.startswith("<string>:")


@pytest.mark.parametrize(
    "body",
    [
        "await client.finalize_async(1)",
        "await asyncio.to_thread(client.finalize, 1)",
        "await asyncio.get_running_loop().run_in_executor(None, client.finalize, 1)",
    ],
)
def test_what_does_not_block_the_loop_does_not_warn(body):
    assert warnings_of(body) == []


def test_without_a_loop_nothing_warns_and_asyncio_is_not_imported():
    code = (
        "import sys; from xmedia.testing import MockServer\n"
        "with MockServer() as server, server.client() as client: server.add_media(1); client.finalize(1)\n"
        "assert 'asyncio' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-Werror", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_notebook_is_left_alone():
    assert warnings_of("client.finalize(1)", "import types; sys.modules['ipykernel'] = types.ModuleType('k')") == []


def test_a_bulk_upload_warns_as_well():
    [warning] = warnings_of("list(client.upload_many([xmedia.UploadItem(bytes(100), media_type='video/mp4')]))")
    assert "Use upload_many_async() instead" in warning
