"""The cells of the fault matrix: a command is called under a fault, and what comes of it is kept."""

import asyncio
import contextlib
import itertools
import time
from dataclasses import dataclass

import xmedia
from xmedia.testing import MockServer

from support.clients import OAUTH1, OAUTH2
from support.faults.table import APIS, COMMANDS, FAULTS
from support.front import Front, carries
from support.media import ID, MP4, PNG

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
    "METADATA": lambda media: ("set_metadata", (media,), {"alt_text": "a film", "allow_download": True}),
    "SUBTITLES": lambda media: ("set_subtitles", (media, ENGLISH), {}),
    "no SUBTITLES": lambda media: ("delete_subtitles", (media, "EN"), {}),
    "SIMPLE": lambda media: ("upload", (PNG,), {}),
    "TOKEN": lambda media: ("finalize", (media,), {}),
    "upload": lambda media: ("upload", (DATA,), {"segment_bytes": SEGMENT_BYTES}),
}


def perform(client, command, media, mode, timeout, *, in_turn=False):
    """Call the verb of a command; its outcome and how long it took. `in_turn`: segments go one after another."""
    verb, arguments, options = CALLS[command.partition(",")[0]](media)
    if in_turn and verb == "upload":
        options = {**options, "concurrency": 1}

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


@dataclass(frozen=True)
class Ran:
    """What came of a cell."""

    outcome: object
    #: Seconds.
    spent: float
    server: MockServer
    #: What was made before the command.
    media: xmedia.Media | None
    #: The requests of the command that met the fault.
    sent: list


def auth_of(case, command, api):
    """The credentials of a cell."""
    if command == "TOKEN" or case.refreshes:
        return REFRESHING
    return OAUTH1 if api == "1.1" or case.clock else OAUTH2


def timeout_of(wanted):
    """What a verb is given; a wait of which the fault stays ends by its own deadline, the others by their attempts."""
    return SHORT if wanted is xmedia.WaitTimeoutError else ENOUGH


def meet(cell, case, wanted, *, api, often, record=None, in_turn=False):
    """Call a command of a cell, under its fault; what is sent and answered may be recorded."""
    command, mode = cell
    meets = COMMANDS[command]
    once = often == "once"
    with contextlib.ExitStack() as stack:
        course = ("pending", "in_progress", "succeeded")
        server = MockServer(auth=[OAUTH1, OAUTH2, REFRESHING], processing=course, check_after_secs=0.01)
        stack.enter_context(server)
        front = stack.enter_context(Front(server.url, of=carries(meets))) if case.treatment else None
        # The subtitles themselves are media, too.
        server.add_media(ID, data=b"1", media_type="text/srt", media_category="subtitles")
        url = (front or server).url
        client = xmedia.Client(
            auth_of(case, command, api),
            api=api,
            base_url=url,
            retry=PATIENT,
            request_timeout=ENOUGH,
            record=record,
        )
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
        outcome, spent = perform(client, command, media, mode, timeout_of(wanted), in_turn=in_turn)
    sent = [each for each in server.requests[before:] if each.command == meets]
    return Ran(outcome, spent, server, media, sent)


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
