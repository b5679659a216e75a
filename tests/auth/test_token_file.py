"""The token file: private, replaced atomically under a lock, and about one chain of tokens."""

import json
import os
import stat
import threading

import pytest
from xmedia import InvalidInputError, OAuth2
from xmedia._auth.token_file import TokenFile

fcntl = pytest.importorskip("fcntl", reason="not on Windows")

FROM_ENVIRON = OAuth2("token1", refresh_token="refresh1", client_id="client")
SECOND = FROM_ENVIRON.refreshed("token2", "refresh2", 1763899200.5)
THIRD = FROM_ENVIRON.refreshed("token3", "refresh3")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokens.json"


def test_without_a_file_the_credentials_are_those_given(path):
    assert (TokenFile(path, FROM_ENVIRON).load(), path.exists()) == (FROM_ENVIRON, False)


def test_the_tokens_of_the_same_chain_win(path):
    TokenFile(path, FROM_ENVIRON).save(SECOND)
    TokenFile(path, FROM_ENVIRON).save(THIRD)
    assert TokenFile(path, FROM_ENVIRON).load() == THIRD


def test_the_expiry_is_kept(path):
    TokenFile(path, FROM_ENVIRON).save(SECOND)
    assert TokenFile(path, FROM_ENVIRON).load().expires_at == SECOND.expires_at


def test_tokens_copied_out_of_the_file_belong_to_its_chain(path):
    TokenFile(path, FROM_ENVIRON).save(SECOND)
    TokenFile(path, SECOND).save(THIRD)
    assert [TokenFile(path, origin).load() for origin in (FROM_ENVIRON, SECOND, THIRD)] == [THIRD] * 3


@pytest.mark.parametrize(
    "fresh",
    [
        OAuth2("token7", refresh_token="refresh7", client_id="client"),
        OAuth2("token1", refresh_token="refresh1", client_id="another-client"),
    ],
)
def test_credentials_of_another_chain_win_over_the_file_and_replace_it(path, fresh):
    TokenFile(path, FROM_ENVIRON).save(SECOND)
    assert TokenFile(path, fresh).load() == fresh
    TokenFile(path, fresh).save(fresh.refreshed("token8", "refresh8"))
    assert TokenFile(path, fresh).load().access_token == "token8"
    assert TokenFile(path, FROM_ENVIRON).load() == FROM_ENVIRON


def test_the_environments_refresh_token_is_remembered_as_a_hash_only(path):
    TokenFile(path, FROM_ENVIRON).save(SECOND)
    assert "refresh1" not in path.read_text()


def test_the_callback_stays(path):
    TokenFile(path, FROM_ENVIRON).save(SECOND)
    auth = OAuth2("token1", refresh_token="refresh1", client_id="client", on_refresh=print)
    assert TokenFile(path, auth).load().on_refresh is print


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_use_the_file_whatever_the_umask(path, umask):
    before = os.umask(umask)
    try:
        TokenFile(path, FROM_ENVIRON).save(SECOND)
    finally:
        os.umask(before)
    mode = stat.S_IMODE(path.stat().st_mode)
    assert (mode & 0o077, sorted(os.listdir(path.parent))) == (0, ["tokens.json", "tokens.json.lock"])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
@pytest.mark.parametrize("use", [TokenFile.load, lambda file: file.save(THIRD)], ids=["load", "save"])
def test_a_file_that_others_can_use_is_refused(path, mode, use):
    TokenFile(path, FROM_ENVIRON).save(SECOND)
    path.chmod(mode)
    with pytest.raises(InvalidInputError, match=rf"mode {mode:04o}\); run chmod 600"):
        use(TokenFile(path, FROM_ENVIRON))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 60_000,
        b'{"origins": 5, "access_token": "sEcret", "refresh_token": "b", "expires_at": null}',
        b'{"origins": [5], "access_token": "sEcret", "refresh_token": "b", "expires_at": null}',
        b'{"origins": [], "access_token": "", "refresh_token": "b", "expires_at": null}',
        b'{"origins": [], "access_token": "sEcret", "refresh_token": null, "expires_at": null}',
        b'{"origins": [], "access_token": "sEcret", "refresh_token": "b", "expires_at": "x"}',
        b'{"origins": [], "access_token": "sEcret", "refresh_token": "b", "expires_at": true}',
        b" " * 70_000,
    ],
    ids=lambda content: repr(content[:30]),
)
def test_a_file_of_another_kind_is_refused_without_showing_it(path, content):
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="is not a token file") as caught:
        TokenFile(path, FROM_ENVIRON).load()
    assert ("sEcret" in str(caught.value), caught.value.__cause__) == (False, None)


def test_a_pipe_in_the_files_place_is_refused_and_not_waited_for(path):
    os.mkfifo(path, 0o600)
    with pytest.raises(InvalidInputError, match="not a regular file"):
        TokenFile(path, FROM_ENVIRON).load()


def test_a_missing_directory_is_an_os_error_at_once(tmp_path):
    with pytest.raises(FileNotFoundError):
        TokenFile(tmp_path / "none" / "tokens.json", FROM_ENVIRON).load()


def test_a_link_is_kept_and_what_it_names_is_replaced(path, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(path)
    TokenFile(link, FROM_ENVIRON).save(SECOND)
    assert (link.is_symlink(), json.loads(path.read_text())["access_token"]) == (True, "token2")


def test_credentials_without_a_refresh_token_need_no_file(path):
    with pytest.raises(InvalidInputError, match="refresh_token"):
        TokenFile(path, OAuth2("token1"))


def test_a_failed_write_leaves_the_old_file_and_no_other(path, monkeypatch):
    TokenFile(path, FROM_ENVIRON).save(SECOND)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            TokenFile(path, FROM_ENVIRON).save(THIRD)
    assert TokenFile(path, FROM_ENVIRON).load() == SECOND
    assert sorted(os.listdir(path.parent)) == ["tokens.json", "tokens.json.lock"]


def test_a_save_waits_for_the_lock(path):
    file = TokenFile(path, FROM_ENVIRON)
    done = threading.Event()
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread = threading.Thread(target=lambda: (file.save(SECOND), done.set()))
        thread.start()
        waited = not done.wait(0.05)
    thread.join(5)
    assert (waited, done.is_set(), file.load()) == (True, True, SECOND)


def test_many_writers_leave_one_whole_file(path):
    news = [FROM_ENVIRON.refreshed(f"token{n}" * 500, f"refresh{n}") for n in range(20)]
    threads = [threading.Thread(target=TokenFile(path, FROM_ENVIRON).save, args=(new,)) for new in news]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert TokenFile(path, FROM_ENVIRON).load() in news
