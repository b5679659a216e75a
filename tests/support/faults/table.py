"""The table of the fault matrix: what goes wrong, and what has to come of it for each command.

`once` is the outcome when the fault happens to the first request and all is well afterwards, `always` when it happens
to every request. An outcome is `RIGHT`, the class of the error, or None for a cell that is not tried.
"""

import gzip
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import xmedia
from xmedia.testing import Fault, Reply

from support.front import cut_in_head, drip, drip_body
from support.media import ID

#: What is called, and the command that meets the fault then.
COMMANDS = {
    "INIT": "INIT",
    "APPEND": "APPEND",
    "FINALIZE": "FINALIZE",
    "STATUS": "STATUS",
    "wait": "STATUS",
    "METADATA": "METADATA",
    "SUBTITLES": "SUBTITLES",
    "no SUBTITLES": "SUBTITLES",
    "SIMPLE": "SIMPLE",
    "TOKEN": "TOKEN",
    "upload, INIT": "INIT",
    "upload, APPEND": "APPEND",
    "upload, FINALIZE": "FINALIZE",
    "upload, STATUS": "STATUS",
}
APIS = ("1.1", "2")

#: The verb returns what it would have without the fault.
RIGHT = "right"

TIMED_OUT = xmedia.RequestTimeoutError
BROKEN = xmedia.TransportError
UNREADABLE = xmedia.InvalidResponseError


def outcomes(default, **others):
    """An outcome for each command: the same for all but those that are named.

    What passes of a TOKEN is sent again as of any other command; what lasts leaves the 401 that asked for it. An upload
    ends as the command does at which it meets the fault.
    """
    others.setdefault("TOKEN", RIGHT if default == RIGHT else xmedia.AuthenticationError)
    others.setdefault("no SUBTITLES", others.get("SUBTITLES", default))
    others.setdefault("upload, STATUS", others.get("wait", default))
    for command in ("INIT", "APPEND", "FINALIZE"):
        others.setdefault(f"upload, {command}", others.get(command, default))
    return {command: others.get(command, default) for command in COMMANDS}


def lasting(error, **others):
    """What a fault that never ends makes of a verb: a wait goes on until its own deadline, which an upload's is not."""
    return outcomes(error, **{"wait": xmedia.WaitTimeoutError, "upload, STATUS": None, **others})


@dataclass(frozen=True)
class Case:
    """One kind of fault."""

    #: Makes an item of a script; asked again for each, since rate limits name a time.
    item: Callable[[str, str], Reply | Fault | None] = lambda command, api: None
    #: Or what a server in front of the mock does to the answer.
    treatment: Callable[..., None] | None = None
    #: Or nobody listens.
    down: bool = False
    once: Mapping[str, object] = field(default_factory=lambda: outcomes(RIGHT))
    always: Mapping[str, object] | None = field(default_factory=lambda: lasting(BROKEN))
    #: What a request may take; more than enough where nothing is slow.
    request_timeout: float = 10.0
    #: How far the server's clock is ahead.
    clock: float = 0.0
    #: The credentials can be refreshed.
    refreshes: bool = False

    @property
    def status(self):
        """What an `APIError` says of the answer: what went with it as an error, or its own status."""
        item = self.item("INIT", "2")
        return item.status if isinstance(item, Reply) else None

    def outcome(self, often, command, api):
        """What has to come of a command."""
        wanted = (self.once if often == "once" else self.always)[command]
        return wanted[api] if isinstance(wanted, dict) else wanted


def settled(error, **others):
    """The same for a fault whose command takes effect: STATUS then shows what became of a FINALIZE."""
    return lasting(error, FINALIZE=RIGHT, **others)


def fault(item):
    return lambda command, api: item


def good(command, api, media_id=ID):
    """An answer as the server gives it, for any id."""
    info = (
        {"processing_info": {"state": "pending", "check_after_secs": 0.01}} if command in {"FINALIZE", "STATUS"} else {}
    )
    if api == "1.1":
        return {"media_id": media_id, "media_id_string": str(media_id), "expires_after_secs": 86400, **info}
    return {"data": {"id": str(media_id), "media_key": f"7_{media_id}", "expires_after_secs": 86400, **info}}


def wrong_id(command, api):
    if command in {"INIT", "SIMPLE"}:
        # There is no right id yet, so that it can only disagree with itself.
        body = {"media_id": ID, "media_id_string": str(ID + 1), "data": {"id": str(ID + 2)}}
        return Reply(200, json=body)
    return Reply(200, json=good(command, api, ID + 1), apply=True)


def errors_in_success(kind, status):
    def item(command, api):
        body = {"errors": [{"title": "x", "detail": "something went wrong", "type": kind, "status": status}]}
        return Reply(200, json=body)

    return item


def limited(seconds):
    def item(command, api):
        reset = int(time.time()) + seconds
        return Reply(
            429, headers={"x-rate-limit-limit": "615", "x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
        )

    return item


#: 1.1 answers some commands without a body, so that there is nothing to be slow.
BODILESS = {"1.1": RIGHT, "2": TIMED_OUT}
#: No body and any JSON acknowledge a segment.
ACKNOWLEDGED = {"APPEND": RIGHT, "upload, APPEND": RIGHT}
BODILESS_VERBS = {**dict.fromkeys(("METADATA", "SUBTITLES", "no SUBTITLES"), RIGHT), **ACKNOWLEDGED}
BOMB = gzip.compress(bytes(64_000_000), compresslevel=9)
NOT_FOUND = {"1.1": {"errors": [{"code": 34, "message": "Sorry, that page does not exist."}]}}
OK_AFTER = Reply(
    200, body=b"<html>welcome to this hotel</html>", headers={"content-type": "application/json"}, apply=True
)

#: An APPEND is sent again; a FINALIZE asks STATUS; STATUS and INIT are not repeated.
SPOILT = {
    "once": outcomes(UNREADABLE, APPEND=RIGHT, FINALIZE=RIGHT, wait=RIGHT),
    "always": settled(UNREADABLE),
}


def refused(status, error, body=None, **once):
    """An answer that no repetition would change."""
    return Case(
        item=lambda command, api: Reply(status, json=(body or {}).get(api), body=b""),
        once=outcomes(error, **once),
        always=outcomes(error),
    )


def passing(error, reply, **once):
    """An answer that says: not now."""
    always = settled(error) if reply.apply else lasting(error)
    return Case(item=fault(reply), once=outcomes(RIGHT, **once), always=always)


FAULTS: dict[str, Case] = {
    "refused": Case(
        down=True,
        item=fault(Fault.refuse(0.03)),
        always=lasting(BROKEN, TOKEN=BROKEN, **{"upload, APPEND": None, "upload, FINALIZE": None}),
    ),
    "reset before": Case(item=fault(Fault.reset())),
    "reset after": Case(item=fault(Fault.reset(after=True)), always=settled(BROKEN)),
    "reset in the body": Case(item=fault(Fault.reset().in_body(0))),
    "closed before": Case(item=fault(Fault.close())),
    "closed after": Case(item=fault(Fault.close(after=True)), always=settled(BROKEN)),
    "cut header": Case(treatment=cut_in_head, always=settled(BROKEN)),
    "cut body": Case(item=fault(Fault.cut(10)), always=settled(BROKEN)),
    "header in drops": Case(treatment=drip(0.2), request_timeout=0.25, always=settled(TIMED_OUT)),
    "body in drops": Case(treatment=drip_body(0.2), request_timeout=0.25, always=settled(TIMED_OUT)),
    "slow body": Case(
        item=fault(Fault.slow(10)),
        request_timeout=0.25,
        always=settled(TIMED_OUT, APPEND=BODILESS, METADATA=BODILESS, SUBTITLES=BODILESS),
    ),
    "never answering": Case(item=fault(Fault.hang()), request_timeout=0.25, always=lasting(TIMED_OUT)),
    "never answering after": Case(item=fault(Fault.hang(after=True)), request_timeout=0.25, always=settled(TIMED_OUT)),
    "garbage": Case(item=fault(Fault.garbage()), always=settled(BROKEN)),
    "endless body": Case(item=fault(Fault.endless()), **SPOILT),
    "408": passing(xmedia.APIError, Reply(408)),
    "408 after": passing(xmedia.APIError, Reply(408, apply=True)),
    "425": passing(xmedia.APIError, Reply(425), TOKEN=RIGHT),
    "429 without a word": passing(xmedia.RateLimitError, Reply(429), TOKEN=RIGHT),
    "429 near": Case(item=limited(1), once=outcomes(RIGHT, TOKEN=RIGHT), always=None),
    "429 in the past": Case(
        item=limited(-3600), once=outcomes(RIGHT, TOKEN=RIGHT), always=lasting(xmedia.RateLimitError)
    ),
    "429 far": Case(item=limited(3600), once=outcomes(xmedia.RateLimitError), always=outcomes(xmedia.RateLimitError)),
    "500 with strings": passing(xmedia.ServerError, Reply(500, json={"errors": ["internal server error"]})),
    "500 after": passing(xmedia.ServerError, Reply(500, json={"errors": ["internal server error"]}, apply=True)),
    "502 empty": passing(xmedia.ServerError, Reply(502)),
    "503 HTML": passing(
        xmedia.ServerError,
        Reply(503, body=b"<html><title>Over capacity</title></html>", headers={"content-type": "text/html"}),
    ),
    "400": refused(400, xmedia.BadRequestError),
    "401": refused(401, xmedia.AuthenticationError),
    "401, then good": Case(
        # The server's clock is ahead, so that the mock refuses the signature until it is made with the server's time.
        clock=900.0,
        once=outcomes(RIGHT, TOKEN=None),
        always=None,
    ),
    "401, then a new token": Case(
        item=fault(Reply(401)),
        refreshes=True,
        once=outcomes(RIGHT, TOKEN=None),
        always=outcomes(xmedia.AuthenticationError),
    ),
    "402": refused(402, xmedia.PaymentRequiredError),
    "403 empty": refused(403, xmedia.PermissionDeniedError),
    "404 for a moment": refused(
        404,
        xmedia.NotFoundError,
        NOT_FOUND,
        # Only of media that this client opened a moment ago, or saw in processing.
        APPEND=RIGHT,
        FINALIZE=RIGHT,
        wait=RIGHT,
    ),
    # An upload begins again with smaller segments, an image with segments at all.
    "413 empty": Case(
        item=fault(Reply(413)),
        once=outcomes(xmedia.PayloadTooLargeError, **{"upload, APPEND": RIGHT, "SIMPLE": RIGHT}),
        always=outcomes(xmedia.PayloadTooLargeError, SIMPLE=RIGHT),
    ),
    "redirect": Case(
        item=fault(Reply(307, headers={"location": "http://127.0.0.1:9/elsewhere"})),
        once=outcomes(xmedia.APIError),
        always=outcomes(xmedia.APIError),
    ),
    "wrong id in a good answer": Case(item=wrong_id, once=SPOILT["once"], always={**SPOILT["always"], **ACKNOWLEDGED}),
    "HTML that says it is JSON": Case(item=fault(OK_AFTER), **SPOILT),
    "empty success": Case(
        item=fault(Reply(200, apply=True)),
        once={**SPOILT["once"], **BODILESS_VERBS},
        always={**SPOILT["always"], **BODILESS_VERBS},
    ),
    "gzip bomb": Case(
        item=fault(
            Reply(200, body=BOMB, headers={"content-encoding": "gzip", "content-type": "application/json"}, apply=True)
        ),
        **SPOILT,
    ),
    "200 with a server's error": Case(item=errors_in_success("about:blank", 503), always=lasting(xmedia.ServerError)),
    "200 with a refusal": Case(
        item=errors_in_success("https://api.twitter.com/2/problems/invalid-request", 400),
        once=outcomes(xmedia.BadRequestError),
        always=outcomes(xmedia.BadRequestError),
    ),
}
