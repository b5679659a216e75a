"""Each command, each fault, each version, sync and awaited: the right result or the right error, in time, and no more.

What the server saw proves the rest: a FINALIZE that took effect is never followed by another one, nothing acknowledged
is sent again, and what is final is final at the first answer.
"""

import collections
import itertools
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.faults.cells import BRISK, DATA, ENOUGH, OFTEN, SHORT, cells, meet, rows, timeout_of
from support.faults.table import APIS, COMMANDS, FAULTS, RIGHT
from support.front import TREATED

#: Those that say nothing when they are done.
SILENT = {"APPEND", "METADATA", "SUBTITLES", "no SUBTITLES"}


def expect(command, outcome, wanted, server, case):
    verb, _, stage = command.partition(", ")
    if wanted != RIGHT:
        # The very class and no subclass of it.
        assert type(outcome) is wanted, repr(outcome)
        expected = {"TOKEN": "FINALIZE", "upload": stage}.get(verb, COMMANDS[command])
        assert outcome.command == expected
        assert str(outcome)
        if isinstance(outcome, xmedia.APIError):
            assert outcome.status == (401 if command == "TOKEN" else case.status)
        return
    assert not isinstance(outcome, BaseException), repr(outcome)
    if command in SILENT:
        assert outcome is None
        return
    finalized = {"FINALIZE", "STATUS"}
    reported_by = {"INIT": {"INIT"}, "SIMPLE": {"SIMPLE", "FINALIZE"}, "FINALIZE": finalized, "TOKEN": finalized}
    assert outcome.command in reported_by.get(command, {"STATUS"})
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


def check_request_log(server, spoilt):
    """Nothing took effect twice and nothing was sent for nothing. `spoilt` says which answers never arrived whole."""
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
    """All this media is processed, so that STATUS shows a FINALIZE that took effect and no other one follows."""
    done = False
    for before, after in itertools.pairwise([None, *requests]):
        if after.command == "FINALIZE":
            assert not done, "FINALIZE again after one that took effect"
            done = after.effect
            # Without a STATUS between them only where the server said that it did nothing, or received nothing.
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
    command, _ = cell
    # A wait ends by its own deadline when the fault stays; the other verbs by their attempts.
    timeout = timeout_of(wanted)
    ran = meet(cell, case, wanted, api=api, often=often)
    outcome, spent, server, media, sent = ran.outcome, ran.spent, ran.server, ran.media, ran.sent
    final = wanted != RIGHT and wanted is case.outcome("once", command, api)
    if command == "TOKEN" and any(each.effect and (each.scripted or TREATED in each.headers) for each in sent):
        # The server has taken the refresh token and its answer was lost: it is tried again, and refused for good.
        wanted, final = xmedia.AuthenticationError, False
    expect(command, outcome, wanted, server, case)
    # A wait's last question gets a second, and a slow machine some more.
    assert spent < (timeout + 2 if timeout == SHORT else ENOUGH / 2), "it took longer than it needs"
    # The bodies of an APPEND's answers are not read, so that some faults spoil nothing.
    harmless = case.always is not None and case.outcome("always", "APPEND", api) == RIGHT
    check_request_log(server, lambda request: TREATED in request.headers or (request.scripted and not harmless))
    # The segments of an upload are on their way together. One that is given up with its body on the way names no index.
    indexes = [each.form.get("segment_index") for each in sent]
    counted = [each for each in indexes if each is not None or command != "upload, APPEND"]
    number = max(collections.Counter(counted).values(), default=0)
    check_number(command, number, wanted=wanted, final=final)
    if wanted == RIGHT:
        check_effect(command, media, server)
        finalized = {each.media_id for each in server.requests if each.command == "FINALIZE" and each.effect}
        assert len(finalized) == (0 if command in {"INIT", "APPEND"} else 1) or command == "SIMPLE"


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
