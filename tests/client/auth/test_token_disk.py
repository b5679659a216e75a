"""The token file on a disk that fails: a refresh token is never spent where its successor could not be kept."""

import os
import random
import shutil
import signal
import textwrap
import time

import pytest
import xmedia
from support.logins import BECOME_NOBODY, FIRST, environ_of, run, start, stored
from support.media import ID
from xmedia.testing import Fault, MockServer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="not on Windows")

#: How many programs are killed, by an environment variable for longer runs.
KILLS = int(os.environ.get("XMEDIA_TEST_KILLS", "5"))

#: Prints how each call of a program ends.
REPORT = """
def report(**options):
    try: print(client.status(ID, **options).media_id)
    except xmedia.XMediaError as error:
        cause = type(error.__cause__).__name__
        print(type(error).__name__, error.retryable, cause, error)
    except OSError as error: print(type(error).__name__, error)
"""


AUTH = xmedia.OAuth2(FIRST["access_token"], refresh_token=FIRST["refresh_token"], client_id="client")


@pytest.fixture
def server():
    with MockServer(auth=AUTH, check_after_secs=0.01, revoke_on_reuse=True) as server:
        server.add_media(ID, finalized=True)
        server.expire_tokens()
        yield server


def unprivileged(code):
    """A program that is not root, to whom every directory is writable."""
    # What Python loads late has to be there: its library may stand where only root reads.
    return f"{REPORT}\nimport struct\n{BECOME_NOBODY}{code}"


class TestBeforeTheRefreshTokenIsSpent:
    def test_a_full_disk_keeps_it(self, server, tmp_path):
        code = f"""{REPORT}
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
report()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
report()
"""
        path = tmp_path / "tokens.json"
        status, out, err = run(code, environ_of(server, path))
        first, second = out.splitlines()
        assert (status, err, second) == (0, "", str(ID))
        assert first.startswith("AuthenticationError True OSError")
        assert "the refresh token was not used" in first
        assert server.commands.count("TOKEN") == 1
        assert sorted(os.listdir(tmp_path)) == ["tokens.json", "tokens.json.lock"]

    def test_a_directory_that_cannot_be_written_keeps_it(self, server, directory_of_nobody):
        directory_of_nobody.chmod(0o555)
        code = unprivileged("""
directory = os.path.dirname(os.environ["X_OAUTH2_TOKEN_FILE"])
report()
os.chmod(directory, 0o700)
report()
""")
        path = directory_of_nobody / "tokens.json"
        status, out, err = run(code, environ_of(server, path))
        first, second = out.splitlines()
        assert (status, err, second) == (0, "", str(ID))
        assert first.startswith("AuthenticationError True PermissionError")
        assert "the refresh token was not used" in first
        assert (stored(path)["serial"], server.commands.count("TOKEN")) == (1, 1)

    def test_a_directory_that_vanished_keeps_it(self, server, tmp_path, connect):
        directory = tmp_path / "kept"
        directory.mkdir()
        path = directory / "tokens.json"
        client = connect(server, xmedia.OAuth2(**FIRST, store=xmedia.TokenFile(path)))
        client.status(ID)
        shutil.rmtree(directory)
        server.expire_tokens()
        with pytest.raises(xmedia.AuthenticationError, match="the refresh token was not used") as caught:
            client.status(ID)
        assert (caught.value.retryable, server.commands.count("TOKEN")) == (True, 1)
        assert isinstance(caught.value.__cause__, FileNotFoundError)
        directory.mkdir()
        assert client.status(ID).media_id == ID
        assert stored(path)["serial"] == 2


class TestTokensThatCouldNotBeSaved:
    #: A refresh whose tokens cannot be saved, since a directory stands where the file belongs.
    CODE = """
    import os, threading, time, warnings
    warnings.simplefilter("ignore")
    path = os.environ["X_OAUTH2_TOKEN_FILE"]
    def block():
        while not os.path.exists(path + ".xmedia-new"): time.sleep(0.002)
        os.mkdir(path)
    thread = threading.Thread(target=block); thread.start()
    client.status(ID); thread.join()
    os.rmdir(path)
    """

    @pytest.mark.parametrize(
        "ending", ["pass", "del client; import gc; gc.collect()", "client.close(); print(os.path.exists(path))"]
    )
    def test_are_saved_when_the_client_or_the_program_ends(self, server, tmp_path, ending):
        server.script("TOKEN", Fault.delay(0.3))
        path = tmp_path / "tokens.json"
        status, out, err = run(textwrap.dedent(self.CODE) + ending, environ_of(server, path))
        assert (status, err) == (0, "")
        assert out in {"", "True"}
        assert stored(path)["serial"] == 1
        assert run("print(client.status(ID).media_id)", environ_of(server, path)) == (0, str(ID), "")
        assert server.commands.count("TOKEN") == 1


def test_kill_9_loses_a_login_only_between_the_servers_grant_and_the_files_sync(tmp_path):
    """Kills programs at random moments of a refresh: a login that is lost was killed in that window."""
    chance = random.Random(7)
    lost = []
    for number in range(KILLS):
        path = tmp_path / f"{number}.json"
        with MockServer(auth=AUTH, check_after_secs=0.01) as own:
            own.add_media(ID, finalized=True)
            own.expire_tokens()
            own.script("TOKEN", Fault.delay(0.05))
            with start("client.status(ID)", environ_of(own, path)) as process:
                while not own.commands:
                    time.sleep(0.001)
                time.sleep(chance.uniform(0, 0.1))
                process.send_signal(signal.SIGKILL)
            was_granted, was_saved = own.commands.count("TOKEN") == 1, path.exists()
            status, _, _ = run("client.status(ID)", environ_of(own, path))
            if status:
                lost.append((was_granted, was_saved))
    assert set(lost) <= {(True, False)}
