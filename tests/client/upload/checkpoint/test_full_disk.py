"""A disk that is full leaves no file of ours beside the checkpoint, is found before INIT, and costs no media."""

import errno
import json
import os
import resource
import sys
import threading

import pytest
from support.logins import environ_of, start
from support.media import ID, video
from support.raw_server import RawServer, reply

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no way to fill the disk of another process here")

UPLOAD = """
import json, os, resource, warnings

def room(size):
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if size is None else size, most))

def upload():
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            media = client.upload("clip.mp4", checkpoint="kept/it", segment_bytes=1000, concurrency=1)
            print(json.dumps(["ready" if media.ready else "not ready", [str(each.message) for each in warned]]))
        except OSError as error:
            print(json.dumps([error.errno, error.filename]))
    print(json.dumps(sorted(os.listdir("kept"))), flush=True)
"""
FULL = 10
STEPS = ["INIT", "APPEND 0", "APPEND 1", "APPEND 2", "FINALIZE", "STATUS"]


class Disk:
    """The disk of a program, which a server fills when a request has come, and before it answers.

    The system refuses what would make a file of that program longer than it may be, as a full disk does.
    """

    def __init__(self, directory, full_at):
        (directory / "clip.mp4").write_bytes(video(3000))
        (directory / "kept").mkdir()
        self.steps = []
        self._directory, self._full_at = directory, full_at
        self._program, self._started = None, threading.Event()

    def answer(self, request):
        appended = b"APPEND" in request.body
        step = f"APPEND {sum(each[0] == 'A' for each in self.steps)}" if appended else request.command
        self.steps.append(step)
        if step == self._full_at:
            self._started.wait()
            self.room(FULL)
        if appended:
            return reply(204)
        state = {"FINALIZE": "pending", "STATUS": "succeeded"}.get(step)
        info = {"processing_info": {"state": state, "check_after_secs": 0.01}} if state else {}
        return reply(json={"media_id": ID, **info})

    def room(self, size):
        _, most = resource.prlimit(self._program.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._program.pid, resource.RLIMIT_FSIZE, (size, most))

    def run(self, server, code):
        """What a program prints."""
        environ = environ_of(server, "unused")
        for name in [name for name in environ if name.startswith(("X_OAUTH2_", "X_CLIENT", "X_API"))]:
            del environ[name]
        for name in ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"):
            environ[f"X_{name}"] = "12-value"
        place = f"import os; os.chdir({os.fspath(self._directory)!r})"
        with start(f"{place}\n{UPLOAD}\n{code}", environ) as self._program:
            self._started.set()
            out, err = self._program.communicate(timeout=30)
        assert (self._program.returncode, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]


def test_it_is_found_before_anything_is_sent(tmp_path):
    disk = Disk(tmp_path, None)
    with RawServer(disk.answer) as server:
        [[number, name], left] = disk.run(server, "room(1000)\nupload()")
    assert (number, left, disk.steps) == (errno.EFBIG, [], [])
    assert name.endswith("kept/it")


@pytest.mark.parametrize("step", STEPS)
def test_it_leaves_no_file_and_costs_no_media(tmp_path, step):
    disk = Disk(tmp_path, step)
    with RawServer(disk.answer) as server:
        [[outcome, said], left] = disk.run(server, "upload()")
    if step in ("FINALIZE", "STATUS"):
        assert (outcome, left) == ("ready", [])
        # At the end there is nothing to write.
        assert step == "STATUS" or any("checkpoint was not written" in each for each in said)
    else:
        # The record of before is still there, if there was one. Nothing is sent after the step that is not recorded.
        assert (outcome, left) == (errno.EFBIG, [] if step == "INIT" else ["it"])
        assert disk.steps[-1] == step


@pytest.mark.parametrize("step", STEPS[1:4])
def test_the_upload_goes_on_once_there_is_room(tmp_path, step):
    disk = Disk(tmp_path, step)
    with RawServer(disk.answer) as server:
        *_, [outcome, said], left = disk.run(server, "upload()\nroom(None)\nupload()")
    assert (outcome, said, left) == ("ready", [], [])
    assert (disk.steps.count("INIT"), disk.steps.count("FINALIZE")) == (1, 1)
