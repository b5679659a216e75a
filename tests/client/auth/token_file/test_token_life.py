"""A refresh outlives the call that began it: its tokens are in the file however that call, or the program, ends."""

import os
import signal
import time

import pytest
import xmedia
from support.logins import FIRST, environ_of, run, start, stored
from support.media import ID
from xmedia.testing import Fault, MockServer

#: How many programs of each kind are ended, by an environment variable for longer runs.
ROUNDS = int(os.environ.get("XMEDIA_TEST_EXITS", "1"))

ENDINGS = {
    "a timeout and a normal exit": """
        try: client.status(ID, timeout=0.2)
        except xmedia.RequestTimeoutError: pass
    """,
    "sys.exit": """
        import sys
        try: client.status(ID, timeout=0.2)
        except xmedia.RequestTimeoutError: sys.exit(0)
    """,
    "Ctrl-C": """
        import os, signal, threading
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        try: client.status(ID)
        except KeyboardInterrupt: pass
    """,
    "SIGTERM with a handler": """
        import os, signal, sys, threading
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()
        client.status(ID)
    """,
    "asyncio.timeout": """
        import asyncio
        async def main():
            try:
                async with asyncio.timeout(0.2): await client.status_async(ID)
            except TimeoutError: pass
        asyncio.run(main())
    """,
    "a cancelled task": """
        import asyncio
        async def main():
            task = asyncio.create_task(client.status_async(ID)); await asyncio.sleep(0.2); task.cancel()
        asyncio.run(main())
    """,
    "a closed client": """
        with client:
            try: client.status(ID, timeout=0.2)
            except xmedia.RequestTimeoutError: pass
    """,
    "a dropped client": """
        import gc
        try: client.status(ID, timeout=0.2)
        except xmedia.RequestTimeoutError: pass
        del client; gc.collect()
    """,
    "a child of multiprocessing": """
        import multiprocessing
        def work():
            try: client.status(ID, timeout=0.2)
            except xmedia.RequestTimeoutError: pass
        child = multiprocessing.get_context("fork").Process(target=work); child.start(); child.join()
        assert child.exitcode == 0
    """,
}


@pytest.fixture
def server():
    auth = xmedia.OAuth2(FIRST["access_token"], refresh_token=FIRST["refresh_token"], client_id="client")
    with MockServer(auth=auth, check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        server.expire_tokens()
        yield server


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_ending_loses_the_login(server, tmp_path, ending):
    for number in range(ROUNDS):
        path = tmp_path / f"tokens-{number}.json"
        environ = environ_of(server, path)
        if number:
            (tmp_path / f"tokens-{number - 1}.json").rename(path)
        server.expire_tokens()
        server.script("TOKEN", Fault.delay(0.6))
        assert run(ENDINGS[ending], environ) == (0, "", "")
        assert run("print(client.status(ID).media_id)", environ) == (0, str(ID), "")
        assert stored(path)["serial"] == number + 1
    assert server.commands.count("TOKEN") == ROUNDS


def test_an_unhandled_signal_after_the_tokens_were_saved_loses_nothing(server, tmp_path):
    path = tmp_path / "tokens.json"
    environ = environ_of(server, path)
    with start("client.status(ID); print('done', flush=True); import time; time.sleep(60)", environ) as process:
        assert process.stdout.readline() == "done\n"
        process.send_signal(signal.SIGKILL)
    assert run("print(client.status(ID).media_id)", environ) == (0, str(ID), "")


def test_the_end_of_the_program_waits_ten_seconds_at_most_and_ctrl_c_ends_that(server, tmp_path):
    server.script("TOKEN", Fault.hang())
    code = "try: client.status(ID, timeout=0.2)\nexcept xmedia.RequestTimeoutError: print('over', flush=True)"
    with start(code, environ_of(server, tmp_path / "tokens.json")) as process:
        assert process.stdout.readline() == "over\n"
        time.sleep(0.1)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.wait(5)
    assert time.monotonic() - began < 5


class TestOnRefresh:
    CODE = """
    client = xmedia.Client(
        xmedia.OAuth2("access-first", refresh_token="refresh-first", client_id="client", on_refresh={on_refresh}),
        base_url=client.base_url,
    )
    try: client.status(ID, timeout=0.2)
    except xmedia.RequestTimeoutError: pass
    {then}
    """

    @pytest.mark.parametrize("then", ["", "del client; import gc; gc.collect()"])
    def test_a_plain_one_is_given_the_tokens_at_exit(self, server, tmp_path, then):
        server.script("TOKEN", Fault.delay(0.5))
        code = self.CODE.format(on_refresh="lambda new: print(new.refresh_token[:18])", then=then)
        assert run(code, environ_of(server, tmp_path / "tokens.json")) == (0, "mock-refresh-token", "")

    def test_an_async_one_cannot_be_called_then_which_standard_error_says(self, server, tmp_path):
        server.script("TOKEN", Fault.delay(0.5))
        code = """
        import asyncio
        async def keep(new): print("kept")
        async def main():
            client = xmedia.Client(
                xmedia.OAuth2("access-first", refresh_token="refresh-first", client_id="client", on_refresh=keep),
                base_url=globals()["client"].base_url,
            )
            try: await client.status_async(ID, timeout=0.2)
            except xmedia.RequestTimeoutError: pass
        asyncio.run(main())
        """
        status, out, err = run(code, environ_of(server, tmp_path / "tokens.json"))
        assert (status, out) == (0, "")
        assert err.startswith("xmedia: an async on_refresh cannot be awaited at exit")
