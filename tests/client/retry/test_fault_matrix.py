"""Each command, each fault, each version, sync and awaited: the right result or the right error, in time, and no more.

What the server saw proves the rest: a FINALIZE that took effect is never followed by another one, nothing acknowledged
is sent again, and what is final is final at the first answer.
"""

import asyncio
import collections
import contextlib
import itertools
import time
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.clients import OAUTH1, OAUTH2
from support.faults import APIS, COMMANDS, FAULTS, RIGHT
from support.front import TREATED, Front, carries
from support.media import ID, MP4, PNG
from xmedia.testing import MockServer

DATA = MP4 + bytes(range(256)) * 8
SEGMENT_BYTES = 512
#: How long a verb may take in all, in the cases whose fault passes and in those whose fault stays.
ENOUGH, SHORT = 20.0, 0.4
MODES = ("sync", "async")
OFTEN = ("once", "always")
ENGLISH = xmedia.Subtitle(media_id=ID, language_code="EN", display_name="English")
REFRESHING = xmedia.OAuth2("access6", refresh_token="refresh7", client_id="client8")
#: Commands that are ended by the fault itself get more time than they need, and must not take it.
PATIENT = xmedia.Retry(attempts=12, base_delay=0.01, max_delay=0.05)
BRISK = xmedia.Retry(attempts=2, base_delay=0.01, max_delay=0.02)

#: What is called for each command.
CALLS = {
    "INIT": lambda media: ("initialize", (len(DATA), "video/mp4"), {"media_category": "tweet_video"}),
    "APPEND": lambda media: ("append", (media, 0, DATA), {}),
    "FINALIZE": lambda media: ("finalize", (media,), {}),
    "STATUS": lambda media: ("status", (media,), {}),
    "wait": lambda media: ("wait", (media,), {}),
    "METADATA": lambda media: ("set_alt_text", (media, "a film"), {}),
    "SUBTITLES": lambda media: ("set_subtitles", (media, ENGLISH), {}),
    "no SUBTITLES": lambda media: ("delete_subtitles", (media, "EN"), {}),
    "SIMPLE": lambda media: ("upload", (PNG,), {}),
    "TOKEN": lambda media: ("finalize", (media,), {}),
    "upload": lambda media: ("upload", (DATA,), {"segment_bytes": SEGMENT_BYTES}),
}
#: Those that say nothing when they are done.
SILENT = {"APPEND", "METADATA", "SUBTITLES", "no SUBTITLES"}


def perform(client, command, media, mode, timeout):
    """Call the verb of a command; its outcome and how long it took."""
    verb, arguments, options = CALLS[command.partition(",")[0]](media)

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
    """All that comes before the command, for the same account."""
    if command in {"INIT", "SIMPLE"} or command.startswith("upload"):
        return None
    media = client.initialize(len(DATA), "video/mp4", media_category="tweet_video")
    if command != "APPEND":
        client.append(media, 0, DATA)
    if command not in {"APPEND", "FINALIZE", "TOKEN"}:
        media = client.finalize(media)
    if command == "no SUBTITLES":
        client.set_subtitles(media, ENGLISH)
    return media


def expect(command, outcome, wanted, server, case):
    verb, _, stage = command.partition(", ")
    if wanted != RIGHT:
        # The very class and no subclass of it.
        assert type(outcome) is wanted, repr(outcome)
        told = {"TOKEN": "FINALIZE", "upload": stage}.get(verb, COMMANDS[command])
        assert outcome.command == told
        assert str(outcome)
        if isinstance(outcome, xmedia.APIError):
            assert outcome.status == (401 if command == "TOKEN" else case.status)
        return
    assert not isinstance(outcome, BaseException), repr(outcome)
    if command in SILENT:
        assert outcome is None
        return
    finalized = {"FINALIZE", "STATUS"}
    told_by = {"INIT": {"INIT"}, "SIMPLE": {"SIMPLE", "FINALIZE"}, "FINALIZE": finalized, "TOKEN": finalized}
    assert outcome.command in told_by.get(command, {"STATUS"})
    assert server.media(outcome.media_id).media_id == outcome.media_id
    assert outcome.ready or verb not in {"wait", "SIMPLE", "upload"}
    if command not in {"INIT", "SIMPLE"}:
        assert outcome.processing_info is not None
    if verb == "upload":
        assert server.media(outcome.media_id).data == DATA


def check_effect(command, media, server):
    """What a verb that succeeded has done."""
    if media is None:
        return
    record = server.media(media.media_id)
    assert command != "APPEND" or record.data == DATA
    assert command not in {"FINALIZE", "TOKEN"} or record.finalized
    assert record.alt_text == ("a film" if command == "METADATA" else None)
    assert [each.language_code for each in record.subtitles] == (["EN"] if command == "SUBTITLES" else [])


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
    """All this media is processed, so that STATUS tells of a FINALIZE that took effect and no other one follows."""
    done = False
    for before, after in itertools.pairwise([None, *requests]):
        if after.command == "FINALIZE":
            assert not done, "FINALIZE again after one that took effect"
            done = after.effect
            # Without a STATUS between them only where the server said that it did nothing, or heard nothing.
            if before is not None and before.command == "FINALIZE":
                assert before.status in {401, 404, 425, 429}, f"FINALIZE again after {before}"


def check_number(command, number, *, wanted, final):
    """How often the command that met the fault was sent."""
    verb = command.partition(",")[0]
    if final:
        assert number == 1, "what no repetition changes was sent again"
    elif verb not in {"wait", "upload", "SIMPLE"}:
        # One more where a connection was found closed; and a 404 of the client's own upload is tried three more times.
        most = {RIGHT: 2, xmedia.NotFoundError: 4}.get(wanted, BRISK.attempts + 1)
        assert number <= most


def try_cell(cell, case, wanted, *, api, often):
    """One command, called one way, under one fault."""
    command, mode = cell
    meets = COMMANDS[command]
    once = often == "once"
    auth = REFRESHING if command == "TOKEN" or case.refreshes else OAUTH1 if api == "1.1" or case.clock else OAUTH2
    # A wait ends by its own deadline when the fault stays; the other verbs by their attempts.
    lasts = wanted is xmedia.WaitTimeoutError
    timeout = SHORT if lasts else ENOUGH
    with contextlib.ExitStack() as stack:
        course = ("pending", "in_progress", "succeeded")
        server = MockServer(auth=[OAUTH1, OAUTH2, REFRESHING], processing=course, check_after_secs=0.01)
        stack.enter_context(server)
        front = stack.enter_context(Front(server.url, of=carries(meets))) if case.treatment else None
        # The subtitles themselves are media, too.
        server.add_media(ID, data=b"1", media_type="text/srt", media_category="subtitles")
        client = xmedia.Client(auth, api=api, base_url=(front or server).url, retry=PATIENT, request_timeout=ENOUGH)
        media = prepare(stack.enter_context(client), command)
        before = len(server.requests)
        client = client.with_options(request_timeout=case.request_timeout, retry=PATIENT if once else BRISK)
        server.set_clock(case.clock)
        if command == "TOKEN":
            server.expire_tokens()
        if front:
            front.always = not once
            front.treatments = [case.treatment]
        elif case.down and not once:
            stack.enter_context(server.down())
        elif (first := case.item(meets, api)) is not None:
            server.script(meets, first, *([] if once else [case.item(meets, api) for _ in range(60)]))
        outcome, spent = perform(client, command, media, mode, timeout)
    sent = [each for each in server.requests[before:] if each.command == meets]
    final = wanted != RIGHT and wanted is case.outcome("once", command, api)
    if command == "TOKEN" and any(each.effect and (each.scripted or TREATED in each.headers) for each in sent):
        # The server has taken the refresh token and its answer was lost: it is tried again, and refused for good.
        wanted, final = xmedia.AuthenticationError, False
    expect(command, outcome, wanted, server, case)
    # A wait's last question gets a second, and a slow machine some more.
    assert spent < (timeout + 2 if lasts else ENOUGH / 2), "it took longer than it needs"
    # The bodies of an APPEND's answers are not read, so that some faults spoil nothing.
    harmless = case.always is not None and case.outcome("always", "APPEND", api) == RIGHT
    check_journal(server, lambda request: TREATED in request.headers or (request.scripted and not harmless))
    # The segments of an upload are on their way together. One that is given up with its body on the way names no index.
    indexes = [each.form.get("segment_index") for each in sent]
    counted = [each for each in indexes if each is not None or command != "upload, APPEND"]
    number = max(collections.Counter(counted).values(), default=0)
    check_number(command, number, wanted=wanted, final=final)
    if wanted == RIGHT:
        check_effect(command, media, server)
        finalized = {each.media_id for each in server.requests if each.command == "FINALIZE" and each.effect}
        assert len(finalized) == (0 if command in {"INIT", "APPEND"} else 1) or command == "SIMPLE"


def rows():
    """The rows of the matrix: each fault in both versions, once and for good."""
    for name, api, often in itertools.product(FAULTS, APIS, OFTEN):
        case = FAULTS[name]
        lasts_too_long = (case.once if often == "once" else case.always) is None
        # There is nothing to refresh in OAuth 1.0a.
        if not lasts_too_long and not (case.refreshes and api == "1.1"):
            yield name, api, often


def cells(name, api, often):
    """The cells of a row: each command that the fault has an outcome for, called both ways."""
    for command, mode in itertools.product(COMMANDS, MODES):
        wanted = FAULTS[name].outcome(often, command, api)
        if wanted is not None and (command, api) != ("TOKEN", "1.1"):
            yield command, mode, wanted


@pytest.mark.parametrize(("name", "api", "often"), list(rows()))
def test_fault(name, api, often):
    case = FAULTS[name]

    def attempt(cell):
        *cell, wanted = cell
        try:
            try_cell(cell, case, wanted, api=api, often=often)
        except Exception as error:
            error.add_note(f"the cell is {cell}")
            return error

    row = list(cells(name, api, often))
    # What warns is seen here, since threads share the list of filters.
    with warnings.catch_warnings(record=True) as warned, ThreadPoolExecutor(len(row)) as pool:
        warnings.simplefilter("always")
        failures = [error for error in pool.map(attempt, row) if error is not None]
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(row)} cells", failures)
    assert {str(each.message).split()[2] for each in warned} == ({"clock"} if case.clock else set())


@pytest.mark.parametrize(
    "requests",
    [
        [("FINALIZE", 200, True), ("FINALIZE", 200, False)],
        [("FINALIZE", 503, True), ("STATUS", 200, False), ("FINALIZE", 200, False)],
        [("FINALIZE", 503, False), ("FINALIZE", 200, True)],
    ],
)
def test_the_proof_finds_a_finalize_too_many(requests):
    requests = [types.SimpleNamespace(command=name, status=status, effect=done) for name, status, done in requests]
    with pytest.raises(AssertionError, match="FINALIZE again"):
        check_finalizing(requests)


def test_the_matrix_has_every_fault_and_every_command_in_both_versions():
    matrix = {row: list(cells(*row)) for row in rows()}
    assert {name for name, _, _ in matrix} == set(FAULTS)
    assert {(api, often) for _, api, often in matrix} == set(itertools.product(APIS, OFTEN))
    assert {command for row in matrix.values() for command, _, _ in row} == set(COMMANDS)
    assert sum(map(len, matrix.values())) > 4000
