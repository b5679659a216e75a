"""A token file with several names (hard links) is one login: one lock, one refresh, the newest tokens under each."""

import os
import stat
import subprocess
import sys
import time

import pytest
import xmedia
from support.logins import EXPIRIES, environ_of, start, stored
from support.media import ID
from xmedia.testing import Fault


@pytest.fixture
def other(server, login, path, tmp_path):
    """Another name of the file, in a folder of its own, once there are tokens in it."""
    server.expire_tokens()
    login().status(ID)
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "login.json"
    os.link(path, other)
    return other


def at(connect, server, path):
    return connect(server, xmedia.OAuth2.from_file(path))


def test_each_name_has_the_tokens_of_a_refresh_through_another(server, connect, path, other):
    first, second = at(connect, server, path), at(connect, server, other)
    for serial, client in enumerate([first, second, first, second, second, first], start=2):
        server.expire_tokens()
        client.status(ID)
        assert stored(path)["serial"] == stored(other)["serial"] == serial
    assert path.samefile(other)
    assert server.commands.count("TOKEN") == 7
    beside = [sorted(os.listdir(each.parent)) for each in (path, other)]
    assert beside == [["elsewhere", "tokens.json", "tokens.json.lock"], ["login.json", "login.json.lock"]]


def test_processes_refresh_once_an_expiry_whatever_name_they_use(server, path, other):
    before = server.commands.count("TOKEN")
    for number in range(EXPIRIES):
        server.expire_tokens()
        environs = [environ_of(server, name) for name in (path, other)] * 4
        running = [start("for _ in range(2): client.status(ID)", environ) for environ in environs]
        for process in running:
            assert (process.communicate(timeout=60), process.returncode) == (("", ""), 0)
        assert server.commands.count("TOKEN") == before + number + 1


def test_a_refresh_through_one_name_is_waited_for_through_the_other(server, connect, path, other):
    before = server.commands.count("TOKEN")
    server.expire_tokens()
    server.script("TOKEN", Fault.hang())
    with start("client.status(ID, timeout=None)", environ_of(server, path)) as process:
        while server.commands.count("TOKEN") == before:
            time.sleep(0.01)
        with pytest.raises(xmedia.RequestTimeoutError, match="locked by another process"):
            at(connect, server, other).status(ID, timeout=0.3)
        process.kill()
    assert server.commands.count("TOKEN") == before + 1


@pytest.mark.parametrize("torn", [False, True])
def test_what_a_killed_process_had_received_is_found_under_each_name(server, connect, path, other, torn):
    """It had written the new tokens beside the file, and not over it, or (a power cut) in part."""
    old = path.read_text()
    server.expire_tokens()
    at(connect, server, path).status(ID)
    beside = path.with_name("tokens.json.xmedia-new")
    beside.touch(0o600)
    beside.write_text(path.read_text())
    path.write_text(old[:40] if torn else old)
    before = server.commands.count("TOKEN")
    if torn:
        client = at(connect, server, path)
        client.status(ID)
        assert server.commands.count("TOKEN") == before
        server.expire_tokens()
        client.status(ID)
    else:
        at(connect, server, path).status(ID)
        assert server.commands.count("TOKEN") == before
    assert stored(other) == stored(path)
    assert stored(path)["serial"] == (3 if torn else 2)
    assert not beside.exists()
    at(connect, server, other).status(ID)
    assert server.commands.count("TOKEN") == before + torn


def test_a_reader_meets_no_half_written_file(server, connect, path, other):
    """Clients are made through one name while tokens are written through the other."""
    made = "import xmedia\nwhile True: xmedia.OAuth2.from_file(PATH); print('.', flush=True)".replace(
        "PATH", repr(str(other))
    )
    command = [sys.executable, "-W", "error", "-c", made]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as reader:
        assert reader.stdout.readline() == ".\n"
        client = at(connect, server, path)
        for _ in range(60):
            server.expire_tokens()
            client.status(ID)
        assert reader.poll() is None
        reader.kill()
        assert reader.communicate()[1] == ""


def test_a_file_that_others_could_read_is_private_again(server, connect, path, other):
    client = at(connect, server, path)
    path.chmod(0o640)
    server.expire_tokens()
    with pytest.warns(UserWarning, match="mode 0640"):
        client.status(ID)
    assert stat.S_IMODE(other.stat().st_mode) == 0o600


def test_logging_out_through_one_name_ends_the_login_under_each(server, connect, path, other):
    xmedia.TokenFile(other).revoke()
    with pytest.raises(xmedia.InvalidInputError, match="a login that has ended"):
        xmedia.OAuth2.from_file(path)
