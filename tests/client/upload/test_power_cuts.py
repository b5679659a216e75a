"""What is kept outlives a power cut: content is synced before it is renamed, and the directory after it."""

import errno
import os
import shutil
import subprocess
import sys

import pytest
import xmedia
from support.logins import BECOME_NOBODY, FIRST, environ_of, run, stored
from support.media import ID
from xmedia.testing import MockServer

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="no way to watch a program's calls here"
)

UPLOAD = """
with open("clip.mp4", "wb") as file: file.write(b"\\0\\0\\0\\x18ftypmp42" + bytes(3_000_000))
client.upload("clip.mp4", checkpoint="kept", segment_bytes=1_000_000, wait=False, check="off")
"""


@pytest.fixture(scope="module")
def watched(build_shim):
    """The library that writes down the calls."""
    return build_shim("file_calls.c")


def calls_of(code, environ, library, directory):
    log = directory / "calls.log"
    cwd = f"import os; os.chdir({str(directory)!r})\n"
    status, _, err = run(cwd + code, environ | {"LD_PRELOAD": library, "FILE_CALLS": str(log)})
    assert (status, err) == (0, "")
    return [tuple(line.split("\t")) for line in log.read_text().splitlines()]


@pytest.mark.parametrize(("kept", "code", "at_least"), [("kept", UPLOAD, 4), ("tokens.json", "client.status(ID)", 1)])
def test_each_new_version_is_synced_before_and_its_directory_after_the_renaming(
    watched, tmp_path, kept, code, at_least
):
    auth = xmedia.OAuth2(FIRST["access_token"], refresh_token=FIRST["refresh_token"], client_id="client")
    with MockServer(auth=auth, check_after_secs=0.01) as server:
        server.add_media(ID, finalized=True)
        if kept == "tokens.json":
            server.expire_tokens()
        calls = calls_of(code, environ_of(server, tmp_path / "tokens.json"), watched, tmp_path)
    path = str(tmp_path / kept)
    renamed = [at for at, call in enumerate(calls) if call[0] == "rename" and call[2] == path]
    assert len(renamed) >= at_least
    for at in renamed:
        assert ("write", calls[at][1]) in {call[:2] for call in calls[:at]}
        # Nothing is written in between.
        assert calls[at - 1][:2] == ("sync", calls[at][1])
        assert calls[at + 1][:2] == ("sync", str(tmp_path))


#: Uploads in a directory of a user without rights: to root every directory can be listed. What Python loads late is
#: loaded before, since its library may stand where only root reads.
UNPRIVILEGED = f"""
import os, tempfile
def upload(directory):
    options = dict(segment_bytes=1_000_000, wait=False, check="off", media_type="video/mp4")
    data = b"\\0\\0\\0\\x18ftypmp42" + bytes(3_000_000)
    print(client.upload(data, checkpoint=os.path.join(directory, "kept"), **options).command)
with tempfile.TemporaryDirectory() as other: upload(other)
{BECOME_NOBODY}"""


@pytest.mark.parametrize("refused", [None, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_directory_that_cannot_be_synced_costs_nothing(watched, directory_of_nobody, refused):
    """One that may be written to but not listed cannot be opened for that, and some file systems do not do it."""
    environ = {"LD_PRELOAD": watched}
    if refused is None:
        directory_of_nobody.chmod(0o300)
    else:
        environ["DIRECTORY_SYNC_FAILS"] = str(refused)
    auth = xmedia.OAuth2(FIRST["access_token"], refresh_token=FIRST["refresh_token"], client_id="client")
    with MockServer(auth=auth, check_after_secs=0.01) as server:
        server.expire_tokens()
        path = directory_of_nobody / "tokens.json"
        # A warning would be an error in these programs.
        ended = run(f"{UNPRIVILEGED}\nupload({str(directory_of_nobody)!r})", environ_of(server, path) | environ)
    assert ended == (0, "FINALIZE\nFINALIZE", "")
    assert stored(path)["serial"] == 1


def test_the_watch_sees_what_is_not_synced(watched, tmp_path):
    """Proves that the test above could fail."""
    code = """
import os
with open("a.xmedia-new", "wb", buffering=0) as file: file.write(b"1")
os.rename("a.xmedia-new", "b")
os.fsync(os.open("b", os.O_RDONLY))
"""
    subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"LD_PRELOAD": watched, "FILE_CALLS": str(tmp_path / "log")},
        cwd=tmp_path,
        check=True,
    )
    written, synced = f"write\t{tmp_path / 'a.xmedia-new'}\t", f"sync\t{tmp_path / 'b'}\t"
    assert (tmp_path / "log").read_text().splitlines() == [written, "rename\ta.xmedia-new\tb", synced]
