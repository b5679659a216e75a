"""One login for all who use the file: one refresh for all of them, under its lock."""

import asyncio
import os
import stat
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.logins import EXPIRIES, FIRST, environ_of, run, start, stored
from support.media import ID
from xmedia.testing import Fault


class TestOneLoginForAll:
    def test_the_tokens_are_in_the_file_before_they_are_used(self, call, server, login, path):
        server.expire_tokens()
        call(login(), "status", ID)
        assert server.commands == ["STATUS", "TOKEN", "STATUS"]
        kept = stored(path)
        assert (kept["client_id"], kept["origin"], kept["serial"]) == ("client", server.url, 1)
        assert kept["access_token"].startswith("mock-access-token-")
        assert FIRST["refresh_token"] not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert sorted(os.listdir(path.parent)) == ["tokens.json", "tokens.json.lock"]

    def test_the_next_client_begins_with_them(self, server, login):
        server.expire_tokens()
        login().status(ID)
        login().status(ID)
        assert server.commands == ["STATUS", "TOKEN", "STATUS", "STATUS"]

    def test_clients_of_one_process_refresh_once(self, server, login):
        clients = [login() for _ in range(8)]
        server.expire_tokens()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda client: client.status(ID), clients))
        assert server.commands.count("TOKEN") == 1

    def test_tokens_that_another_one_had_refreshed_and_that_ran_out_since_are_refreshed_again(self, server, login):
        first, second = login(), login()
        server.expire_tokens()
        first.status(ID)
        server.expire_tokens()
        second.status(ID)
        assert server.commands.count("TOKEN") == 2

    @pytest.mark.parametrize("how", ["spawned", "command lines", "forked", "forked after use"])
    def test_processes_refresh_once_an_expiry(self, server, path, how):
        server.expire_tokens()
        environ = environ_of(server, path)
        work = "for _ in range(2): client.status(ID)"
        if how == "command lines":
            work = """
                import os, sys
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                os.execv(sys.executable, [sys.executable, "-m", "xmedia", "status", str(ID)])
            """
        if how in {"spawned", "command lines"}:
            programs = [(work, environ)] * 8
        else:
            before = "client.status(ID)" if how == "forked after use" else ""
            programs = [
                (
                    f"""
{before}
import os
def work():
    {work}
children = []
for _ in range(8):
    child = os.fork()
    if child == 0:
        try: work()
        except BaseException as error: print(repr(error), flush=True); os._exit(1)
        os._exit(0)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
""",
                    environ,
                )
            ]
        for number in range(EXPIRIES):
            running = [start(*program) for program in programs]
            for process in running:
                assert (process.communicate(timeout=60), process.returncode) == (("", ""), 0)
            assert server.commands.count("TOKEN") == number + 1
            server.expire_tokens()


class TestTheLock:
    @pytest.fixture(params=["flock", "lockf"])
    def held(self, request, path):
        """The lock is held by another process, which was stopped."""
        code = (
            "import fcntl, sys\n"
            f"file = open({str(path) + '.lock'!r}, 'w')\nfcntl.{request.param}(file, fcntl.LOCK_EX)\n"
            "print('held', flush=True)\nsys.stdin.read()"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as process:
            assert process.stdout.readline() == "held\n"
            yield process
            process.kill()

    def test_waiting_for_it_ends_with_the_verb_and_the_loop_goes_on(self, server, login, held):
        client = login()
        server.expire_tokens()

        async def main():
            gaps, last = [], time.monotonic()

            async def tick():
                nonlocal last
                while True:
                    await asyncio.sleep(0.01)
                    gaps.append(time.monotonic() - last)
                    last = time.monotonic()

            ticker = asyncio.create_task(tick())
            began = time.monotonic()
            with pytest.raises(xmedia.RequestTimeoutError, match=r"tokens\.json\.lock is locked by another process"):
                await client.status_async(ID, timeout=0.5)
            ticker.cancel()
            return time.monotonic() - began, gaps

        took, gaps = asyncio.run(main())
        assert took < 1.5
        # A loop that waits with the verb has one gap as long as all, or one for each look at the lock. A machine that
        # is busy makes some long, and not every other one.
        assert statistics.median(gaps) < 0.05
        assert server.commands == ["STATUS"]

    def test_it_is_had_as_soon_as_it_is_free(self, call, server, login, held):
        client = login()
        server.expire_tokens()
        with pytest.raises(xmedia.RequestTimeoutError):
            call(client, "status", ID, timeout=0.1)
        held.kill()
        held.wait()
        assert call(client, "status", ID, timeout=10).media_id == ID

    def test_a_child_that_was_forked_meanwhile_does_not_hold_it(self, server, path):
        server.expire_tokens()
        server.script("TOKEN", Fault.delay(0.3))
        code = """
        import os, threading, time
        thread = threading.Thread(target=client.status, args=(ID,)); thread.start()
        while not os.path.exists(os.environ["X_OAUTH2_TOKEN_FILE"] + ".xmedia-new"): time.sleep(0.005)
        child = os.fork()
        if child == 0:
            time.sleep(60); os._exit(0)
        thread.join()
        print(child, flush=True)
        os._exit(0)
        """
        status, child, _ = run_without_waiting(code, environ_of(server, path))
        try:
            server.expire_tokens()
            assert run("print(client.status(ID, timeout=5).media_id)", environ_of(server, path)) == (0, str(ID), "")
        finally:
            os.kill(int(child), 9)
        assert status == 0


def run_without_waiting(code, environ):
    """Run a program whose children hold its standard output."""
    process = start(code, environ)
    line = process.stdout.readline()
    status = process.wait(30)
    process.stdout.close()
    process.stderr.close()
    return status, line, ""
