"""Progress: in order, on the calling side, not too often, and able to stop the upload."""

import asyncio
import itertools
import sys
import threading
import time
import types

import pytest
import xmedia
from support.media import PNG, video

DATA = video(64_000)
#: A check that takes a moment, on a busy machine, is reported as well.
OPTIONS = {"segment_bytes": 1_000, "check": "off"}


def test_it_is_reported_in_order_on_this_thread_and_once_at_the_end(server, connect, call):
    seen, threads = [], set()

    def progress(report):
        seen.append(report)
        threads.add(threading.get_ident())

    call(connect(server), "upload", DATA, progress=progress, **OPTIONS)
    assert threads == {threading.get_ident()}
    sent = [(report.bytes_sent, report.segments_done) for report in seen if report.phase == "upload"]
    assert sent[0] == (0, 0)
    assert sent[-1] == (64_000, 64)
    assert sent.count((64_000, 64)) == 1
    assert sent == sorted(sent)
    assert [report.processing_info.state for report in seen if report.phase == "processing"] == [
        "pending",
        "in_progress",
        "succeeded",
    ]
    assert all((report.total_bytes, report.segments_total) == (64_000, 64) for report in seen)
    assert all(before.elapsed <= after.elapsed for before, after in itertools.pairwise(seen))


def test_it_is_reported_at_most_twenty_times_a_second(server, connect):
    server.script("APPEND", *[xmedia.testing.Fault.delay(0.02)] * 64)
    seen = []
    began = time.monotonic()
    connect(server).upload(DATA, progress=seen.append, wait=False, **OPTIONS)
    # The first report and the last one come whatever the time.
    assert 4 <= len(seen) <= 2 + 20 * (time.monotonic() - began)


def test_a_slow_callable_does_not_hold_up_the_senders(server, connect):
    appended = []

    def slow(report):
        if report.bytes_sent == 0:
            deadline = time.monotonic() + 5
            while server.commands.count("APPEND") < 64 and time.monotonic() < deadline:
                time.sleep(0.01)
            appended.append(server.commands.count("APPEND"))

    def not_at_first(report):
        return None if report.bytes_sent == 0 else slow_once(report)

    slow_calls = []

    def slow_once(report):
        if not slow_calls and report.bytes_sent < report.total_bytes:
            slow_calls.append(report)
            deadline = time.monotonic() + 5
            while server.commands.count("APPEND") < 64 and time.monotonic() < deadline:
                time.sleep(0.01)
            appended.append(server.commands.count("APPEND"))

    server.script("APPEND", *[xmedia.testing.Fault.delay(0.01)] * 64)
    connect(server).upload(DATA, progress=not_at_first, wait=False, **OPTIONS)
    assert appended == [64]


def test_an_image_in_one_request(server, connect, call):
    seen = []
    call(connect(server), "upload", PNG, progress=seen.append, check="off")
    assert [(report.bytes_sent, report.segments_done, report.segments_total) for report in seen] == [
        (0, 0, 1),
        (len(PNG), 1, 1),
    ]


def test_an_exception_stops_the_upload(server, connect, call):
    def stop(report):
        if report.bytes_sent:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        call(connect(server), "upload", DATA, progress=stop, **OPTIONS)
    assert "FINALIZE" not in server.commands


def test_an_async_callable_is_awaited_or_refused(server, connect):
    seen = []

    async def progress(report):
        await asyncio.sleep(0)
        seen.append(report.bytes_sent)

    class Callable:
        async def __call__(self, report):
            await progress(report)

    client = connect(server)
    for refused in (progress, Callable()):
        with pytest.raises(TypeError, match="upload_async"):
            client.upload(DATA, progress=refused)
        assert server.commands == []
    asyncio.run(client.upload_async(DATA, progress=Callable(), **OPTIONS))
    assert seen[-1] == 64_000


def test_a_plain_line_without_tqdm(server, connect, call, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    path = tmp_path / "clip.mp4"
    path.write_bytes(DATA)
    call(connect(server), "upload", path, progress=True)
    assert capsys.readouterr().err == "clip.mp4: 100 % of 64.0 kB\nclip.mp4: processing, succeeded 100 %\n"


def test_a_terminal_gets_one_line_that_is_drawn_again(server, connect, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    connect(server).upload(DATA, progress=True)
    text = capsys.readouterr().err
    assert text.startswith("\rupload: 0 % of 64.0 kB\rupload: ")
    assert text.rstrip().endswith("\rupload: processing, succeeded 100 %")
    assert text.endswith("\n")


def test_tqdm_if_it_is_there(server, connect, monkeypatch):
    bars = []

    class Bar:
        def __init__(self, **options):
            self.options, self.total, self.n, self.closed, self.shown = options, options["total"], 0, False, []
            bars.append(self)

        def set_postfix_str(self, text, refresh):
            self.postfix = text

        def refresh(self):
            self.shown.append(self.n)

        def close(self):
            self.closed = True

    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=Bar))
    connect(server).upload(DATA, progress=True)
    assert [bar.closed for bar in bars] == [True, True]
    assert (bars[0].shown[0], bars[0].shown[-1], bars[0].total) == (0, 64_000, 64_000)
    assert (bars[1].shown[-1], bars[1].postfix) == (100, "succeeded 100 %")


def test_the_real_tqdm_draws_two_bars(server, connect, capsys):
    connect(server).upload(DATA, progress=True)
    shown = capsys.readouterr().err
    assert "upload: 100%" in shown
    assert "upload (processing): 100%" in shown
    assert "succeeded" in shown


def test_no_bar_may_end_an_upload(server, connect, monkeypatch):
    class Closed:
        def isatty(self):
            return True

        def write(self, _):
            raise OSError(5, "gone")

        def flush(self):
            raise OSError(5, "gone")

    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys, "stderr", Closed())
    assert connect(server).upload(DATA, progress=True).ready
    monkeypatch.setattr(sys, "stderr", None)
    assert connect(server).upload(DATA, progress=True).ready
