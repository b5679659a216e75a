"""Each command, each fault, each version, sync and awaited: the right result or the right error, in time, and no more.

What the server saw proves the rest: FINALIZE took effect once at most, and nothing acknowledged was sent again.
"""

import asyncio
import collections
import contextlib
import itertools
import socket
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import xmedia
from _faults import COMMANDS, FAULTS, ID, RIGHT
from _front import Front
from xmedia.testing import MockServer

DATA = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 8
#: How long a verb may take in all, in the cases whose fault passes and in those whose fault stays.
ENOUGH, SHORT = 20.0, 0.4
MODES = ("sync", "async")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55"
ENGLISH = xmedia.Subtitle(media_id=ID, language_code="EN", display_name="English")
#: Commands that are ended by the fault itself get more time than they need, and must not take it.
PATIENT = xmedia.Retry(attempts=12, base_delay=0.01, max_delay=0.05)
BRISK = xmedia.Retry(attempts=2, base_delay=0.01, max_delay=0.02)


@pytest.fixture(scope="module")
def servers():
    """A server for each cell that is tried at the same time; they forget between the cases."""
    with contextlib.ExitStack() as stack:
        processing = ("pending", "in_progress", "succeeded")
        yield {
            cell: stack.enter_context(MockServer(processing=processing, check_after_secs=0.01))
            for cell in itertools.product(COMMANDS, MODES)
        }


def renew(server):
    """Make a server as new; one that refuses connections for a moment is waited for."""
    server.reset()
    server.set_clock(0)
    address = urlsplit(server.url)
    for _ in range(100):
        with contextlib.suppress(ConnectionError), socket.create_connection((address.hostname, address.port)):
            return
        time.sleep(0.01)


def perform(client, command, media, mode, timeout):
    """Call the verb of a command; its outcome and how long it took."""
    calls = {
        "INIT": ("initialize", (len(DATA), "video/mp4"), {"media_category": "tweet_video"}),
        "APPEND": ("append", (media, 0, DATA), {}),
        "FINALIZE": ("finalize", (media,), {}),
        "STATUS": ("status", (media,), {}),
        "wait": ("wait", (media,), {}),
        "METADATA": ("set_alt_text", (media, "a film"), {}),
        "SUBTITLES": ("set_subtitles", (media, ENGLISH), {}),
        "SIMPLE": ("upload", (PNG,), {}),
        "upload": ("upload", (DATA,), {"segment_bytes": 512}),
    }
    verb, arguments, options = calls[command]

    async def awaited():
        return await getattr(client, f"{verb}_async")(*arguments, timeout=timeout, **options)

    began = time.monotonic()
    try:
        if mode == "async":
            outcome = asyncio.run(awaited())
        else:
            outcome = getattr(client, verb)(*arguments, timeout=timeout, **options)
    except xmedia.XMediaError as error:
        outcome = error
    return outcome, time.monotonic() - began


def prepare(client, command):
    """All that comes before the command, by the same client."""
    if command in {"INIT", "SIMPLE", "upload"}:
        return None
    media = client.initialize(len(DATA), "video/mp4", media_category="tweet_video")
    if command != "APPEND":
        client.append(media, 0, DATA)
    if command not in {"APPEND", "FINALIZE"}:
        media = client.finalize(media)
    return media


def expect(command, outcome, wanted, server):
    if wanted != RIGHT:
        assert isinstance(outcome, wanted), outcome
        # The very class and no subclass of it, but where the server's class is the general one.
        assert type(outcome) is wanted or wanted in {xmedia.APIError, xmedia.TransportError}, repr(outcome)
        assert outcome.command in {"wait": {"STATUS"}, "upload": {"INIT", "APPEND"}}.get(command, {command})
        assert str(outcome)
        return
    assert not isinstance(outcome, BaseException), repr(outcome)
    if command in {"APPEND", "METADATA", "SUBTITLES"}:
        assert outcome is None
        return
    told_by = {"INIT": {"INIT"}, "FINALIZE": {"FINALIZE", "STATUS"}, "SIMPLE": {"SIMPLE", "FINALIZE"}}
    assert outcome.command in told_by.get(command, {"STATUS"})
    assert server.media(outcome.media_id).media_id == outcome.media_id
    assert outcome.ready or command not in {"wait", "SIMPLE", "upload"}
    if command not in {"INIT", "SIMPLE"}:
        assert outcome.processing_info is not None
    if command == "upload":
        assert server.media(outcome.media_id).data == DATA


def check_journal(server, spoilt):
    """Nothing took effect twice and nothing was sent for nothing. `spoilt` tells which answers never arrived whole."""
    uploads = collections.defaultdict(list)
    for each in server.requests:
        if each.media_id is not None and each.command in {"APPEND", "FINALIZE", "STATUS"}:
            uploads[each.media_id].append(each)
    for requests in uploads.values():
        check_finalizing(requests)
        segments = collections.defaultdict(list)
        for each in requests:
            if each.command == "APPEND":
                segments[each.form.get("segment_index")].append(each)
        for sent in segments.values():
            acknowledged = [each for each in sent if each.status in range(200, 300) and not spoilt(each)]
            assert len(acknowledged) <= 1, "an acknowledged segment was sent again"
            assert not acknowledged or sent[-1] is acknowledged[0]


def check_finalizing(requests):
    assert sum(each.effect for each in requests if each.command == "FINALIZE") <= 1, "FINALIZE took effect twice"
    for before, after in itertools.pairwise(requests):
        if before.command == after.command == "FINALIZE":
            # Without a STATUS between them only where the server said that it did nothing, or heard nothing.
            assert before.status in {401, 404, 425, 429}, f"FINALIZE again after {before}"


def try_cell(server, cell, case, wanted, *, api, often):
    """One command, called one way, under one fault."""
    command, mode = cell
    renew(server)
    once = often == "once"
    auth = server.credentials[0 if api == "1.1" or case.clock else 1]
    # A wait ends by its own deadline when the fault stays; the other verbs by their attempts.
    lasts = wanted is xmedia.WaitTimeoutError
    timeout = SHORT if lasts else ENOUGH
    options = {"request_timeout": case.request_timeout, "retry": PATIENT if once else BRISK}
    with contextlib.ExitStack() as stack:
        front = stack.enter_context(Front(server.url)) if case.treatment else None
        url = front.url if front else server.url
        client = stack.enter_context(xmedia.Client(auth, api=api, base_url=url, **options))
        media = prepare(client, command)
        # The subtitles themselves are media, too.
        server.add_media(ID, data=b"1", media_type="text/srt", media_category="subtitles")
        server.set_clock(case.clock)
        if front:
            front.always = not once
            front.treatments = [case.treatment]
        elif case.down and not once:
            stack.enter_context(server.down())
        elif (first := case.item(command, api)) is not None:
            others = [] if once else [case.item(command, api) for _ in range(60)]
            server.script({"wait": "STATUS", "upload": "APPEND"}.get(command, command), first, *others)
        outcome, spent = perform(client, command, media, mode, timeout)
    expect(command, outcome, wanted, server)
    assert spent < (timeout + 1 if lasts else ENOUGH / 2), "it took longer than it needs"
    check_journal(server, lambda request: request.scripted or front is not None)
    if wanted == RIGHT and command == "APPEND":
        assert server.media(media.media_id).data == DATA
    if wanted == RIGHT and command == "FINALIZE":
        assert server.media(media.media_id).finalized
    if wanted == RIGHT and command == "METADATA":
        assert server.media(media.media_id).alt_text == "a film"
    if wanted == RIGHT and command == "SUBTITLES":
        assert [each.language_code for each in server.media(media.media_id).subtitles] == ["EN"]


@pytest.mark.parametrize("often", ["once", "always"])
@pytest.mark.parametrize("name", FAULTS)
def test_fault(servers, api, name, often):
    case = FAULTS[name]
    table = case.once if often == "once" else case.always
    if table is None:
        pytest.skip("the fault lasts longer than a test may")

    def attempt(cell):
        wanted = table[cell[0]]
        wanted = wanted[api] if isinstance(wanted, dict) else wanted
        try:
            try_cell(servers[cell], cell, case, wanted, api=api, often=often)
        except Exception as error:
            error.add_note(f"the cell is {cell}")
            return error

    # What warns is seen here, since threads share the list of filters.
    with warnings.catch_warnings(record=True) as warned, ThreadPoolExecutor(len(servers)) as pool:
        warnings.simplefilter("always")
        failures = [error for error in pool.map(attempt, servers) if error is not None]
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(servers)} cells", failures)
    assert {str(each.message).split()[2] for each in warned} == ({"clock"} if case.clock else set())


def test_the_table_is_as_long_as_the_issue_asks():
    assert len(FAULTS) * len(COMMANDS) * 2 * 2 > 700
