"""The token file: one login for all who use it, and nothing is thrown away because of what stands in its place."""

import asyncio
import json
import os
import pickle
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.logins import FIRST, environ_of, run, start, stored
from support.media import ID
from xmedia.testing import Fault, MockServer, Reply

#: How many times the tokens expire under eight processes, by an environment variable for longer runs.
EXPIRIES = int(os.environ.get("XMEDIA_TEST_EXPIRIES", "2"))


@pytest.fixture
def server():
    auth = xmedia.OAuth2(FIRST["access_token"], refresh_token=FIRST["refresh_token"], client_id="client")
    # A server that ends the login when a refresh token is used twice.
    with MockServer(auth=auth, check_after_secs=0.01, revoke_on_reuse=True) as server:
        server.add_media(ID, finalized=True)
        yield server


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokens.json"


@pytest.fixture
def login(server, path, connect):
    """Makes clients of the login that is kept in the file."""

    def login(**options):
        auth = xmedia.OAuth2(**FIRST, store=xmedia.TokenFile(path))
        return connect(server, options.pop("auth", auth), **options)

    return login


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

    @pytest.mark.parametrize("how", ["spawned", "forked", "forked after use"])
    def test_processes_refresh_once_an_expiry(self, server, path, how):
        server.expire_tokens()
        environ = environ_of(server, path)
        work = "for _ in range(2): client.status(ID)"
        if how == "spawned":
            programs = [(work, environ)] * 4
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


class TestWhatStandsInItsPlace:
    @pytest.fixture
    def running(self, server, login):
        """A client that has the newest tokens in memory, and whose access token has just expired again."""
        client = login()
        server.expire_tokens()
        client.status(ID)
        server.expire_tokens()
        return client

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda path: path.write_bytes(b""), "is not a token file"),
            (lambda path: path.write_bytes(path.read_bytes()[:40]), "is not a token file"),
            (lambda path: path.chmod(0o640), "mode 0640"),
        ],
        ids=["emptied", "torn", "0640"],
    )
    def test_a_running_client_replaces_it_with_a_warning(self, call, running, login, server, path, spoil, said):
        spoil(path)
        with pytest.warns(UserWarning, match=said):
            call(running, "status", ID)
        assert (stored(path)["serial"], stat.S_IMODE(path.stat().st_mode)) == (2, 0o600)
        call(login(), "status", ID)
        assert server.commands.count("TOKEN") == 2

    def test_a_removed_one_is_written_again(self, call, running, path):
        path.unlink()
        call(running, "status", ID)
        assert stored(path)["serial"] == 2

    @pytest.mark.parametrize(
        ("content", "mode", "said"),
        [(b"", 0o600, "xmedia login"), (b"{}", 0o600, "is not a token file"), (None, 0o640, "chmod 600")],
        ids=["emptied", "torn", "0640"],
    )
    def test_at_the_start_it_is_an_error_that_says_what_to_do(self, running, login, path, content, mode, said):
        path.write_bytes(path.read_bytes() if content is None else content)
        path.chmod(mode)
        with pytest.raises(xmedia.InvalidInputError, match=said):
            login()
        with pytest.raises(xmedia.InvalidInputError, match=said):
            xmedia.OAuth2.from_file(path)

    def test_a_pipe_is_refused_and_not_waited_for(self, login, path):
        os.mkfifo(path, 0o600)
        with pytest.raises(xmedia.InvalidInputError, match="not a regular file"):
            login()

    def test_a_missing_directory_is_found_at_the_start(self, tmp_path, connect, server):
        auth = xmedia.OAuth2(**FIRST, store=xmedia.TokenFile(tmp_path / "none" / "tokens.json"))
        with pytest.raises(FileNotFoundError):
            connect(server, auth)

    def test_a_link_is_kept_and_what_it_names_is_replaced(self, server, connect, path, tmp_path):
        link = tmp_path / "link.json"
        link.symlink_to(path)
        server.expire_tokens()
        connect(server, xmedia.OAuth2(**FIRST, store=xmedia.TokenFile(link))).status(ID)
        assert (link.is_symlink(), stored(path)["serial"]) == (True, 1)

    def test_a_mounted_file_is_refused_at_the_start(self, login, path, tmp_path):
        path.touch(0o600)
        other = tmp_path / "other"
        other.touch(0o600)
        if subprocess.run(["mount", "--bind", other, path], capture_output=True, check=False).returncode:
            # Only root can mount; what is refused then is not there.
            return
        try:
            with pytest.raises(xmedia.InvalidInputError, match="mount its directory"):
                login()
        finally:
            subprocess.run(["umount", path], check=True)


class TestTheDisk:
    def test_the_refresh_token_is_not_used_where_new_tokens_could_not_be_kept(self, call, server, login, path):
        client = login()
        server.expire_tokens()
        # Nothing can be made under a name that a directory has.
        blocker = path.with_name("tokens.json.xmedia-new")
        blocker.mkdir()
        with pytest.raises(xmedia.AuthenticationError, match="the refresh token was not used") as caught:
            call(client, "status", ID)
        assert (caught.value.retryable, server.commands.count("TOKEN")) == (True, 0)
        assert isinstance(caught.value.__cause__, OSError)
        blocker.rmdir()
        assert call(client, "status", ID).media_id == ID

    def test_tokens_that_cannot_be_saved_stay_in_use_and_every_call_tries_again(self, server, login, path, tmp_path):
        client = login()
        server.expire_tokens()
        server.script("TOKEN", Fault.delay(0.3))
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(warned, client)
            while "TOKEN" not in server.commands:
                time.sleep(0.005)
            # A directory cannot be replaced by a file.
            path.mkdir()
            assert "could not be saved" in answer.result()
            assert "could not be saved" in warned(client)
            path.rmdir()
            assert warned(client) == ""
        assert (stored(path)["serial"], server.commands.count("TOKEN")) == (1, 1)


def warned(client):
    """What a call warns of."""
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert client.status(ID).media_id == ID
    return "".join(str(warning.message) for warning in caught)


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
            return time.monotonic() - began, max(gaps)

        took, gap = asyncio.run(main())
        assert took < 1.5
        assert gap < 0.05
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


class TestPassingAndFinalFailures:
    @pytest.mark.parametrize(
        "fault",
        [
            Reply(503),
            Reply(502, body=b"<html>"),
            Reply(408),
            Reply(429),
            Fault.reset(),
            Fault.close(),
            Reply(200, body=b"garbage"),
        ],
        ids=["503", "502", "408", "429", "reset", "closed", "garbage"],
    )
    def test_one_that_passes_is_tried_again_within_the_verb(self, call, server, login, fault):
        client = login()
        server.expire_tokens()
        server.script("TOKEN", fault)
        assert call(client, "status", ID).media_id == ID
        assert server.commands.count("TOKEN") == 2

    def test_and_by_every_later_call(self, call, server, login):
        client = login(retry=None)
        server.expire_tokens()
        server.script("TOKEN", Reply(503), Reply(503))
        for _ in range(2):
            with pytest.raises(xmedia.AuthenticationError) as caught:
                call(client, "status", ID)
            assert caught.value.retryable
        assert call(client, "status", ID).media_id == ID

    def test_a_wait_goes_on_until_its_deadline(self, call, server, login):
        client = login(retry=xmedia.Retry(attempts=1, base_delay=0.01, max_delay=0.02))
        server.expire_tokens()
        server.script("TOKEN", *[Reply(503)] * 4)
        assert call(client, "wait", ID, timeout=20).ready
        assert server.commands.count("TOKEN") == 5

    @pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "invalid_client", "unauthorized_client"])
    def test_a_final_one_is_not_repeated(self, call, server, login, error):
        client = login()
        server.expire_tokens()
        server.script("TOKEN", Reply(400, json={"error": error}))
        for _ in range(2):
            with pytest.raises(xmedia.AuthenticationError) as caught:
                call(client, "status", ID)
            assert not caught.value.retryable
        assert server.commands.count("TOKEN") == 1

    def test_but_not_before_one_more_look_into_the_file(self, call, server, login, path):
        client = login()
        server.expire_tokens()
        login().status(ID)
        newest = stored(path)
        path.unlink()
        server.script("TOKEN", Reply(400, json={"error": "invalid_grant"}))
        with pytest.raises(xmedia.AuthenticationError):
            call(client, "status", ID)
        path.touch(0o600)
        path.write_text(json.dumps(newest))
        assert call(client, "status", ID).media_id == ID


class TestWhoseTokens:
    def test_given_tokens_that_the_file_does_not_know_begin_a_chain_and_replace_it(self, server, login, path, connect):
        server.expire_tokens()
        login().status(ID)
        fresh = xmedia.OAuth2("new", refresh_token="fresh", client_id="client", store=xmedia.TokenFile(path))
        server.script("STATUS", Reply(401))
        client = connect(server, fresh)
        server.script("TOKEN", Reply(200, json={"access_token": stored(path)["access_token"], "refresh_token": "next"}))
        client.status(ID)
        assert (stored(path)["refresh_token"], stored(path)["serial"]) == ("next", 1)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"client_id": "other"}, "another app"),
            ({"user_id": "2"}, "another user"),
            ({}, "another login"),
        ],
    )
    def test_a_running_client_takes_no_others(self, call, server, login, path, change, said):
        server.expire_tokens()
        login().status(ID)
        kept = stored(path) | {"user_id": "1"}
        path.write_text(json.dumps(kept))
        client = login()
        path.write_text(json.dumps(kept | {"chain": ["0" * 64], "serial": 9} | change))
        server.expire_tokens()
        with pytest.raises(xmedia.AuthenticationError, match=said) as caught:
            call(client, "status", ID)
        assert not caught.value.retryable
        assert server.commands.count("TOKEN") == 1

    def test_they_go_to_no_other_address(self, call, server, login, connect, path):
        server.expire_tokens()
        login().status(ID)
        with MockServer() as other:
            client = connect(other, xmedia.OAuth2.from_file(path))
            with pytest.raises(xmedia.InvalidInputError, match="nothing was sent"):
                call(client, "status", ID)
            assert other.requests == []

    def test_a_file_of_0_1_0_is_read(self, server, login, path):
        server.expire_tokens()
        login().status(ID)
        kept = stored(path)
        old = {
            "origins": kept["chain"],
            **{name: kept[name] for name in ("access_token", "refresh_token", "expires_at")},
        }
        path.write_text(json.dumps(old))
        login().status(ID)
        with pytest.raises(xmedia.InvalidInputError, match="X_CLIENT_ID"):
            xmedia.OAuth2.from_file(path)
        assert server.commands.count("TOKEN") == 1


class TestCredentials:
    def test_from_file(self, call, server, login, connect, path):
        server.expire_tokens()
        login().status(ID)
        auth = xmedia.OAuth2.from_file(path)
        assert (auth.client_id, auth.access_token) == ("client", stored(path)["access_token"])
        assert auth.store == xmedia.TokenFile(path)
        client = connect(server, auth)
        server.expire_tokens()
        call(client, "status", ID)
        assert stored(path)["serial"] == 2

    def test_a_missing_file_is_an_os_error(self, path):
        with pytest.raises(FileNotFoundError):
            xmedia.OAuth2.from_file(path)

    @pytest.mark.parametrize(
        "arguments",
        [{"access_token": "a"}, {"access_token": lambda: "a"}, {"access_token": lambda: "a", "client_id": "client"}],
    )
    def test_a_store_needs_a_refresh_token_and_no_callable(self, arguments, path):
        with pytest.raises(xmedia.InvalidInputError, match="store"):
            xmedia.OAuth2(**arguments, store=xmedia.TokenFile(path))

    @pytest.mark.parametrize("store", ["tokens.json", 5])
    def test_a_store_is_a_token_file(self, store):
        with pytest.raises(TypeError, match="TokenFile"):
            xmedia.OAuth2(**FIRST, store=store)

    def test_on_refresh_follows_the_write(self, call, server, connect, path):
        seen = []

        def on_refresh(new):
            seen.append((new.access_token, stored(path)["access_token"]))

        server.expire_tokens()
        auth = xmedia.OAuth2(**FIRST, store=xmedia.TokenFile(path), on_refresh=on_refresh)
        call(connect(server, auth), "status", ID)
        assert [new for new, kept in seen if new == kept] == [stored(path)["access_token"]]

    def test_a_pickle_holds_no_refresh_token_and_goes_on_with_the_file(self, server, login, path):
        server.expire_tokens()
        client = login()
        client.status(ID)
        text = pickle.dumps(client)
        assert stored(path)["access_token"].encode() in text
        assert stored(path)["refresh_token"].encode() not in text
        assert FIRST["refresh_token"].encode() not in text
        server.expire_tokens()
        with pickle.loads(text) as copy:
            copy.status(ID)
        assert (stored(path)["serial"], server.commands.count("TOKEN")) == (2, 2)

    def test_without_the_file_its_token_serves_until_it_is_refused(self, call, server, login, path):
        server.expire_tokens()
        client = login()
        client.status(ID)
        text = pickle.dumps(client)
        path.unlink()
        with pickle.loads(text) as copy:
            assert call(copy, "status", ID).media_id == ID
            server.expire_tokens()
            with pytest.raises(xmedia.AuthenticationError, match=r"tokens\.json is missing"):
                call(copy, "status", ID)

    def test_tokens_are_renewed_a_minute_before_their_end(self, call, server, connect, path):
        auth = xmedia.OAuth2(**FIRST, expires_at=time.time() + 55, store=xmedia.TokenFile(path))
        call(connect(server, auth), "status", ID)
        assert server.commands == ["TOKEN", "STATUS"]

    def test_and_no_sooner(self, call, server, connect, path):
        auth = xmedia.OAuth2(**FIRST, expires_at=time.time() + 90, store=xmedia.TokenFile(path))
        call(connect(server, auth), "status", ID)
        assert server.commands == ["STATUS"]

    def test_scope_is_a_tuple(self):
        assert xmedia.OAuth2("a", scope="media.write users.read").scope == ("media.write", "users.read")
        assert xmedia.OAuth2("a", scope=["media.write"]).scope == ("media.write",)
        assert xmedia.OAuth2("a").scope is None
        with pytest.raises(TypeError):
            xmedia.OAuth2("a", scope=5)
        with pytest.raises(xmedia.InvalidInputError):
            xmedia.OAuth2("a", scope=["media write"])

    @pytest.mark.parametrize("kept", [True, False])
    def test_a_403_names_the_scope_that_is_missing(self, call, server, connect, path, kept):
        store = {"store": xmedia.TokenFile(path)} if kept else {}
        for scope, named in [("users.read", True), ("media.write", False)]:
            server.script("STATUS", Reply(403))
            with pytest.raises(xmedia.PermissionDeniedError) as caught:
                call(connect(server, xmedia.OAuth2(**FIRST, scope=scope, **store)), "status", ID)
            assert ("not granted media.write" in str(caught.value)) == named
