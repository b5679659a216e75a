"""What stands in the place of a token file, or keeps it from being written, costs no tokens."""

import json
import os
import stat
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.logins import FIRST, stored
from support.media import ID
from xmedia.testing import Fault, Reply


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

    @pytest.mark.parametrize(
        "edited",
        [
            lambda text: b"\xef\xbb\xbf" + text,
            lambda text: text.replace(b"\n", b"\r\n"),
            lambda text: json.dumps({**json.loads(text), "note": "kept by hand"}).encode(),
        ],
        ids=["byte order mark", "CRLF", "one more key"],
    )
    def test_what_an_editor_does_to_it_is_no_damage(self, running, server, path, edited):
        path.write_bytes(edited(path.read_bytes()))
        xmedia.Client(xmedia.OAuth2.from_file(path), base_url=server.url).status(ID)
        assert stored(path)["serial"] == 2

    @pytest.fixture
    def of_a_newer_version(self, running, path):
        """The file, as a later version of xmedia will have written it; and its content."""
        path.write_text(json.dumps({"version": 3, "sealed": "by other means"}))
        return path.read_text()

    def test_what_a_newer_version_wrote_is_an_error_at_the_start(self, login, path, of_a_newer_version):
        for start in (login, lambda: xmedia.OAuth2.from_file(path)):
            with pytest.raises(xmedia.InvalidInputError, match=r"written by a newer version .* upgrade xmedia"):
                start()

    def test_what_a_newer_version_wrote_is_not_replaced(self, call, running, server, path, of_a_newer_version):
        """Whoever wrote it follows the login, and may have used the refresh token that this client has."""
        before = server.commands.count("TOKEN")
        with pytest.raises(
            xmedia.AuthenticationError, match="upgrade xmedia; the refresh token was not used"
        ) as caught:
            call(running, "status", ID)
        assert not caught.value.retryable
        for end in (running.revoke, lambda: xmedia.TokenFile(path).revoke()):
            with pytest.raises(xmedia.InvalidInputError, match="upgrade xmedia"):
                end()
        login = xmedia.OAuth2Login("client", base_url=server.url)
        with pytest.raises(xmedia.InvalidInputError, match="upgrade xmedia"):
            login.finish(server.authorize(login.url), store=xmedia.TokenFile(path))
        assert server.commands.count("TOKEN") == before
        assert path.read_text() == of_a_newer_version

    def test_a_serial_that_cannot_be_counted_on_is_none_of_ours(self, running, path):
        path.write_text(json.dumps({**stored(path), "serial": 2**64 - 1}))
        with pytest.raises(xmedia.InvalidInputError, match="is not a token file"):
            xmedia.OAuth2.from_file(path)

    def test_tokens_of_any_length_that_a_server_gives_are_read_again(self, server, login, path):
        long = {"access_token": "a" * 200_000, "refresh_token": "r" * 200_000, "expires_in": 7200}
        server.expire_tokens()
        server.script("TOKEN", Reply(200, json=long))
        with pytest.raises(xmedia.XMediaError):
            login().status(ID)
        assert xmedia.OAuth2.from_file(path).access_token == long["access_token"]

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
        assert str(path) in str(caught.value)
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
