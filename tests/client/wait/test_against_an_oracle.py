"""Random answers to FINALIZE and STATUS, against an oracle that was written apart from the code.

The oracle knows the pages docs/how/wire.md (sections 1 and 4) and docs/how/design.md (when media is ready, waiting,
retrying, a lost FINALIZE), and nothing of the client. For each random script of answers it says how the verb ends and
which requests it makes; the client has to agree in both.

The seed changes with nothing but `XMEDIA_ORACLE_SEED`; `XMEDIA_ORACLE_CASES=10000` makes a long run by hand.
"""

import asyncio
import os
import random

import pytest
import xmedia
from support.clients import OAUTH1
from support.media import ID
from support.raw_server import CLOSE, RawServer, reply

CASES = int(os.environ.get("XMEDIA_ORACLE_CASES", "400"))
SEED = int(os.environ.get("XMEDIA_ORACLE_SEED", "13"))
ATTEMPTS = 3
MAX_NOT_FOUND = 3
QUICK = xmedia.Retry(attempts=ATTEMPTS, base_delay=0.0005, max_delay=0.002)

#: Answers that describe the media, by the state that they say.
STATES = {
    "none": None,
    "pending": {"state": "pending"},
    "in_progress": {"state": "in_progress", "progress_percent": 8},
    "unknown": {"state": "on_its_way"},
    "succeeded": {"state": "succeeded"},
    "failed": {"state": "failed", "error": {"code": 1, "name": "InvalidMedia"}},
    "failed without a reason": {"state": "failed"},
    "in_progress with an error": {"state": "in_progress", "progress_percent": 99, "error": {}},
    "succeeded with an error": {"state": "succeeded", "error": {"code": 3, "name": "UnsupportedMedia"}},
}
NOT_YET = {"pending", "in_progress", "unknown"}
FAILED = {"failed", "failed without a reason", "in_progress with an error", "succeeded with an error"}
#: Answers that are none: cut off, a page, an object that says `error`, one that had to be repaired.
UNREADABLE = {"cut off", "a page", "an error in a success", "damaged"}
REFUSALS = {400: "BadRequestError", 403: "PermissionDeniedError", 413: "PayloadTooLargeError", 410: "APIError"}
PASSING = {408: "APIError", 500: "ServerError", 503: "ServerError"}
NOT_SENT = {425: "APIError", 429: "RateLimitError"}
ERRORS = {**REFUSALS, **PASSING, **NOT_SENT, 404: "NotFoundError"}
ANSWERS = [*STATES, *UNREADABLE, *ERRORS, "closed"]
#: With these a script ends, so that no wait is without end.
LAST = ["none", "succeeded", "failed", "in_progress with an error", 400, 403, 410]


def name(answer):
    """The class of the error that an answer is."""
    return (
        "TransportError" if answer == "closed" else "InvalidResponseError" if answer in UNREADABLE else ERRORS[answer]
    )


def on_the_wire(answer):
    known = {"media_id": ID, "media_id_string": str(ID)}
    if answer == "closed":
        return CLOSE
    if answer in ERRORS:
        return reply(answer, keep_alive=False)
    if answer == "an error in a success":
        return reply(json={**known, "error": "Something went wrong."}, keep_alive=False)
    body = {
        "cut off": b'{"media_id": 71051',
        "a page": b"<html><title>Hello</title></html>",
        "damaged": b'{"media_id": %d, "processing_inf\xff": {"state": "failed"}}' % ID,
    }
    if answer in body:
        return reply(body=body[answer], keep_alive=False)
    info = STATES[answer]
    return reply(
        json=known if info is None else {**known, "processing_info": {"check_after_secs": 0.0005, **info}},
        keep_alive=False,
    )


class Oracle:
    """Says what comes of a script of answers."""

    def __init__(self, script):
        self.script = script
        self.commands = []

    def ask(self, command):
        answer = self.script[min(len(self.commands), len(self.script) - 1)]
        self.commands.append(command)
        return answer

    def wait(self):
        """STATUS until the media is ready or has failed; errors that pass are waited out."""
        in_processing, not_found = False, 0
        while True:
            answer = self.ask("STATUS")
            if answer in STATES:
                if answer in FAILED:
                    return "processing failed"
                if answer not in NOT_YET:
                    return "ready"
                in_processing, not_found = True, 0
            elif answer == 404:
                not_found += 1
                if not in_processing or not_found > MAX_NOT_FOUND:
                    return "NotFoundError"
            elif answer in REFUSALS:
                return name(answer)

    def status(self):
        """One STATUS, repeated as any request that has no effect: its answer, or the error's."""
        answer = self.ask("STATUS")
        for _ in range(1, ATTEMPTS):
            if not (answer in PASSING or answer in NOT_SENT or answer == "closed"):
                break
            answer = self.ask("STATUS")
        return answer

    def finalize(self):
        """FINALIZE; where it may have taken effect STATUS shows it, and only one with `processing_info` does."""
        first = None
        for attempt in range(1, ATTEMPTS + 1):
            answer = self.ask("FINALIZE")
            if answer in STATES:
                return self.ended(answer)
            if answer in NOT_SENT:
                if attempt < ATTEMPTS:
                    continue
                return self.refused(answer, first)
            if not (answer in PASSING or answer in UNREADABLE or answer == "closed"):
                return self.refused(answer, first)
            settled = self.status()
            if settled in STATES and settled != "none":
                return self.ended(settled)
            if settled not in STATES and settled != 404:
                return self.refused(first or answer, None)
            first = first or answer
            last = answer
        return self.refused(last, None)

    def ended(self, answer):
        return "failed" if answer in FAILED else "ready" if answer in ("none", "succeeded") else "not yet"

    def refused(self, answer, first):
        ambiguous = answer in ERRORS and (first is not None or answer in PASSING)
        return f"{name(answer)}{' (ambiguous)' if ambiguous else ''}"


def outcome_of(media):
    return "failed" if media.failed else "ready" if media.ready else "not yet"


async def run(verb, script):
    """How the client ends, and what it sent."""
    with RawServer(*map(on_the_wire, script)) as server:
        client = xmedia.Client(OAUTH1, base_url=server.url, retry=QUICK)
        try:
            outcome = outcome_of(await getattr(client, f"{verb}_async")(ID, timeout=30))
        except xmedia.MediaProcessingError:
            outcome = "processing failed"
        except xmedia.XMediaError as error:
            ambiguous = isinstance(error, xmedia.APIError) and error.ambiguous
            outcome = type(error).__name__ + (" (ambiguous)" if ambiguous else "")
        finally:
            client.close()
        return outcome, [request.command for request in server.requests]


def scripts(randomness):
    while True:
        script = []
        for _ in range(randomness.choice([0, 1, 1, 2, 3, 4, 6, 8])):
            # What is counted (404s, attempts) comes several times in a row.
            again = script and randomness.random() < 0.5
            script.append(script[-1] if again else randomness.choice(ANSWERS))
        yield [*script, randomness.choice(LAST)]


async def compare(verb, cases):
    """The scripts for which client and oracle differ."""
    differing = []

    async def one(script):
        oracle = Oracle(script)
        expected = getattr(oracle, verb)(), oracle.commands
        if (actual := await run(verb, script)) != expected:
            differing.append((script, expected, actual))

    for at in range(0, len(cases), 20):
        await asyncio.gather(*map(one, cases[at : at + 20]))
    return differing


@pytest.mark.timeout(30 + CASES / 10)
@pytest.mark.parametrize("verb", ["wait", "finalize"])
def test_the_client_does_what_the_documents_say(verb):
    draw = scripts(random.Random(f"{verb} {SEED}"))
    cases = [next(draw) for _ in range(CASES)]
    assert asyncio.run(compare(verb, cases)) == []
