"""The cells of the fault matrix, recorded and replayed: the same result, or the same error with the same attributes.

A client's record has all that was sent, an error the last of it; either is replayed by the program that made it.
"""

import contextlib
import itertools
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import xmedia
from support.faults.cells import BRISK, ENOUGH, PATIENT, auth_of, cells, meet, perform, prepare, rows, timeout_of
from support.faults.table import FAULTS, RIGHT, good
from xmedia.testing import MockServer, Reply

#: All that an error says of itself, but for its time: that is compared with some room.
ATTRIBUTES = (
    "command",
    "media_id",
    "retryable",
    "status",
    "code",
    "title",
    "detail",
    "problem_type",
    "request_id",
    "not_found",
    "ambiguous",
    "body",
)


def described(error, case):
    """What has to be the same."""
    values = {name: getattr(error, name, None) for name in ATTRIBUTES}
    limit = getattr(error, "rate_limit", None)
    values["rate_limit"] = limit and (limit.limit, limit.remaining)
    cause = error.__cause__
    values["cause"] = {"type": type(cause), **{name: getattr(cause, name, None) for name in ATTRIBUTES}}
    if isinstance(error, xmedia.WaitTimeoutError):
        # How often a wait asks depends on chance, and so does which of its requests was the last.
        del values["cause"]["request_id"]
    elif not isinstance(error, xmedia.AuthenticationError) and not case.down:
        # So does whether a closed connection is noticed before it is used, and which of the segments that are sent
        # together needs the new token first.
        values["attempts"] = error.attempts
    return type(error), values


def replayed(path, cell, case, wanted, media, *, api, often):
    """The same call, of a server that replays the file."""
    command, mode = cell
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(MockServer(verify_auth=False))
        auth = auth_of(case, command, api)
        client = xmedia.Client(auth, api=api, base_url=server.url, retry=PATIENT, request_timeout=ENOUGH)
        stack.enter_context(client)
        if media is not None:
            # As it was then, the client has opened the upload itself and has a connection that was used. Where nobody
            # listens it has none: a FINALIZE on one that is being closed would be lost, and not refused.
            headers = {"connection": "close"} if case.down else {}
            server.script("INIT", Reply(202, json=good("INIT", api, media.media_id), headers=headers))
            client.initialize(1, "video/mp4")
        client = client.with_options(request_timeout=case.request_timeout, retry=PATIENT if often == "once" else BRISK)
        server.replay(path)
        return perform(client, command, media, mode, timeout_of(wanted))[0]


def try_cell(cell, case, wanted, path, *, api, often):
    ran = meet(cell, case, wanted, api=api, often=often)
    if not isinstance(ran.outcome, xmedia.XMediaError):
        return
    ran.outcome.save_har(path)
    again = replayed(path, cell, case, wanted, ran.media, api=api, often=often)
    assert isinstance(again, xmedia.XMediaError), repr(again)
    assert described(again, case) == described(ran.outcome, case), f"{again}, not {ran.outcome}"
    if ran.outcome.retry_after is None:
        assert again.retry_after is None
    else:
        assert again.retry_after == pytest.approx(ran.outcome.retry_after, abs=2)


def is_kept_whole(command):
    """Whether an error keeps all that its replay needs. An upload sends more requests than an error keeps."""
    return not command.startswith("upload")


def failing(name, api, often):
    """The cells of a row that end in an error."""
    for command, mode, wanted in cells(name, api, often):
        if wanted != RIGHT and is_kept_whole(command):
            yield command, mode, wanted


def described_result(result):
    """What has to be the same of media: all but its times."""
    if result is None:
        return None
    return result.media_id, result.command, result.ready, result.processing_info, result.size


def recorded_again(cell, case, wanted, directory, *, api, often):
    """A whole session of a client that records, and the same session with a server that replays it."""
    command, mode = cell
    # How many refreshes segments share that are sent together depends on chance.
    in_turn = case.refreshes
    ran = meet(cell, case, wanted, api=api, often=often, record=directory, in_turn=in_turn)
    (path,) = directory.glob("*.har")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(MockServer())
        server.replay(path)
        auth = auth_of(case, command, api)
        client = xmedia.Client(auth, api=api, base_url=server.url, retry=PATIENT, request_timeout=ENOUGH)
        media = prepare(stack.enter_context(client), command)
        client = client.with_options(request_timeout=case.request_timeout, retry=PATIENT if often == "once" else BRISK)
        again, _ = perform(client, command, media, mode, timeout_of(wanted), in_turn=in_turn)
    return ran.outcome, again


def try_session(cell, case, wanted, directory, *, api, often):
    directory.mkdir()
    first, again = recorded_again(cell, case, wanted, directory, api=api, often=often)
    if not isinstance(first, xmedia.XMediaError):
        assert not isinstance(again, xmedia.XMediaError), f"{again!r}, not {first}"
        assert described_result(again) == described_result(first)
        return
    assert isinstance(again, xmedia.XMediaError), f"{again!r}, not {first}"
    assert described(again, case) == described(first, case), f"{again}, not {first}"


def every_failure(attempt, row):
    """Runs the cells of a row side by side."""

    def noted(numbered):
        number, (*cell, wanted) = numbered
        try:
            attempt(number, cell, wanted)
        except Exception as error:
            error.add_note(f"the cell is {cell}")
            return error

    with warnings.catch_warnings(), ThreadPoolExecutor(len(row)) as pool:
        warnings.simplefilter("ignore")
        failures = [error for error in pool.map(noted, enumerate(row)) if error is not None]
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(row)} cells", failures)


@pytest.mark.parametrize(("name", "api", "often"), [row for row in rows() if list(failing(*row))])
def test_a_saved_failure_fails_in_the_same_way(name, api, often, tmp_path):
    def attempt(number, cell, wanted):
        try_cell(cell, FAULTS[name], wanted, tmp_path / f"{number}.har", api=api, often=often)

    every_failure(attempt, list(failing(name, api, often)))


@pytest.mark.parametrize(("name", "api", "often"), list(rows()))
def test_a_recorded_session_goes_the_same_way(name, api, often, tmp_path):
    def attempt(number, cell, wanted):
        try_session(cell, FAULTS[name], wanted, tmp_path / str(number), api=api, often=often)

    every_failure(attempt, list(cells(name, api, often)))


def test_most_of_the_matrix_is_replayed():
    every = list(itertools.chain.from_iterable(failing(*row) for row in rows()))
    assert len(every) > 1500
    assert {mode for _, mode, _ in every} == {"sync", "async"}
