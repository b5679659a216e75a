"""A checkpoint's directory that is lost: an error before FINALIZE was answered, and no loss of the media afterwards."""

import shutil
import warnings

import pytest
from support.media import ID, video
from support.raw_server import RawServer, reply

STEPS = ["INIT", "APPEND 0", "APPEND 1", "APPEND 2", "FINALIZE", "STATUS"]


def vanishes(directory):
    shutil.rmtree(directory)


def becomes_a_file(directory):
    shutil.rmtree(directory)
    directory.write_bytes(b"")


def holds_a_directory_of_that_name(directory):
    (directory / "checkpoint").unlink(missing_ok=True)
    (directory / "checkpoint" / "more").mkdir(parents=True)


@pytest.mark.parametrize("lost", [vanishes, becomes_a_file, holds_a_directory_of_that_name])
@pytest.mark.parametrize("step", STEPS)
def test_it_costs_no_media_after_finalize_and_is_named_before(call, connect, tmp_path, step, lost):
    directory = tmp_path / "kept"
    directory.mkdir()
    steps = []

    def answer(request):
        appended = b"APPEND" in request.body
        steps.append(f"APPEND {sum(each[0] == 'A' for each in steps)}" if appended else request.command)
        if steps[-1] == step:
            lost(directory)
        if appended:
            return reply(204)
        state = {"FINALIZE": "pending", "STATUS": "succeeded"}.get(request.command)
        info = {"processing_info": {"state": state, "check_after_secs": 0.01}} if state else {}
        return reply(json={"media_id": ID, **info})

    options = {"segment_bytes": 1000, "concurrency": 1, "checkpoint": directory / "checkpoint"}
    with RawServer(answer) as server, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        if step in ("FINALIZE", "STATUS"):
            assert call(connect(server), "upload", video(3000), **options).ready
            # At the end there is nothing to write, and what is gone has not to be removed.
            assert step == "STATUS" or any("checkpoint was not written" in str(each.message) for each in warned)
        else:
            with pytest.raises(OSError, match="checkpoint"):
                call(connect(server), "upload", video(3000), **options)
            # Nothing is sent after the step whose record is missing.
            assert steps[-1] == step
