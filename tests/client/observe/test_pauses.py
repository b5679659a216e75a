"""Pauses: while nothing is sent because of a rate limit or a failure, progress says until when, and why."""

import io
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from support.media import ID, video
from xmedia.testing import Fault, MockServer, Reply

DATA = video(4_000)
OPTIONS = {"segment_bytes": 1_000}
#: Long enough to be seen.
PAUSE = 0.3
STATUS = {"retry": 503, "rate_limit": 429}


def pauses(seen):
    """The reports in pauses, each with the one after it."""
    return [(each, after) for each, after in zip(seen, [*seen[1:], None], strict=True) if each.paused_until]


@pytest.mark.parametrize("because", STATUS)
@pytest.mark.parametrize(
    ("command", "phase", "processing"),
    [("INIT", "upload", None), ("FINALIZE", "upload", None), ("STATUS", "processing", "pending")],
)
def test_a_pause_is_reported_when_it_begins_and_when_it_ends(
    server, connect, call, because, command, phase, processing
):
    # After a 503 FINALIZE is followed by a STATUS, and not by a pause.
    status = 425 if (command, because) == ("FINALIZE", "retry") else STATUS[because]
    server.script(command, Reply(status, headers={"retry-after": str(PAUSE)}))
    seen, began = [], datetime.now(UTC)
    call(connect(server), "upload", DATA, progress=seen.append, **OPTIONS)
    [(pause, after)] = pauses(seen)
    assert (pause.phase, pause.paused_because) == (phase, because)
    assert pause.paused_until.tzinfo == UTC
    assert timedelta(0) < pause.paused_until - began
    assert (after.paused_until, after.paused_because) == (None, None)
    assert (after.phase, after.bytes_sent, after.segments_done) == (phase, pause.bytes_sent, pause.segments_done)
    assert after.elapsed - pause.elapsed >= PAUSE * 0.9
    assert getattr(pause.processing_info, "state", None) == processing


def test_it_is_no_pause_while_another_segment_is_in_flight(server, connect, call):
    server.script("APPEND", Reply(503, headers={"retry-after": "0.1"}), *[Fault.delay(0.4)] * 3)
    seen = []
    call(connect(server), "upload", DATA, progress=seen.append, wait=False, concurrency=4, **OPTIONS)
    assert pauses(seen) == []


def test_it_begins_when_the_last_segment_is_back_and_lasts_until_the_first_is_sent_again(server, connect, call):
    server.script("APPEND", *[Reply(503, headers={"retry-after": str(PAUSE)})] * 4)
    seen = []
    call(connect(server), "upload", DATA, progress=seen.append, wait=False, concurrency=4, **OPTIONS)
    (pause, after), *others = pauses(seen)
    assert (pause.bytes_sent, pause.segments_done, pause.segments_total) == (0, 0, 4)
    assert after.elapsed - pause.elapsed >= PAUSE / 2
    # The others may have to wait a moment longer than the first.
    assert [end.paused_until for _, end in others] == [None] * len(others)
    assert [start.paused_until for start, _ in others] == sorted(start.paused_until for start, _ in others)


def test_a_limit_that_is_known_to_be_used_up_is_a_pause_as_well(connect, call):
    with MockServer(rate_limits={"FINALIZE": (1, 1.0)}) as server:
        client = connect(server)
        call(client, "upload", DATA, wait=False)
        seen = []
        call(client, "upload", DATA, progress=seen.append, wait=False)
        assert 429 not in [each.status for each in server.requests]
    [(pause, _)] = pauses(seen)
    assert (pause.phase, pause.paused_because, pause.bytes_sent) == ("upload", "rate_limit", len(DATA))


def test_processing_that_takes_its_time_is_no_pause(server, connect, call):
    seen = []
    call(connect(server), "upload", DATA, progress=seen.append, **OPTIONS)
    assert seen[-1].phase == "processing"
    assert pauses(seen) == []


@pytest.mark.parametrize("because", STATUS)
def test_a_wait_reports_its_pauses_too(server, connect, call, because):
    server.add_media(ID, processing=("pending", "in_progress", "succeeded"), finalized=True)
    server.script("STATUS", None, Reply(STATUS[because], headers={"retry-after": str(PAUSE)}))
    seen = []
    assert call(connect(server), "wait", ID, progress=seen.append).ready
    [(pause, after)] = pauses(seen)
    assert (pause.phase, pause.paused_because) == ("processing", because)
    assert (after.paused_until, after.processing_info) == (None, pause.processing_info)
    assert pause.processing_info.state in {"pending", "in_progress"}
    assert seen[-1].processing_info.state == "succeeded"


def test_an_exception_in_a_pause_ends_the_upload(server, connect, call):
    def stop(report):
        if report.paused_until:
            raise KeyError("enough")

    server.script("INIT", Reply(429, headers={"retry-after": "30"}))
    began = time.monotonic()
    with pytest.raises(KeyError, match="enough"):
        call(connect(server), "upload", DATA, progress=stop)
    assert time.monotonic() - began < 10
    assert server.commands == ["INIT"]


def test_the_bar_says_when_it_goes_on(server, connect, call, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    server.script("INIT", Reply(429, headers={"retry-after": str(PAUSE)}))
    call(connect(server), "upload", io.BytesIO(DATA), progress=True, wait=False)
    first, last = capsys.readouterr().err.splitlines()
    assert last == "upload: 100 % of 4.0 kB"
    assert first.startswith("upload: 0 % of 4.0 kB, goes on at ")
    assert first.endswith(" (rate limit)")
