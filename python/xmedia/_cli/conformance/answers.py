"""What a server answered, without anything that belongs to a user, so that two answers can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ... import APIError, Client, InvalidResponseError, Media, MediaProcessingError, RequestEvent, XMediaError, _core

_T = TypeVar("_T")

#: Ids and times, and names of users, in the words of a server.
_NUMBER, _NAME = re.compile(r"\d{6,}"), re.compile(r"@\w+")
_IS_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MAX_TEXT = 200
#: How long media may take to be processed.
_WAIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what it said, by the path in its JSON."""

    step: str
    fields: dict[str, str]


@dataclass(slots=True)
class Asker:
    """Sends the requests of one probe and keeps the answers."""

    client: Client
    events: list[RequestEvent]
    #: What must not be shown by now; tokens may be refreshed between two steps.
    secrets: Callable[[], list[str]] = list
    answers: list[Answer] = field(default_factory=list)

    def __call__(self, step: str, send: Callable[[], _T]) -> _T | None:
        """Send what a step sends; None where that failed."""
        before = len(self.events)
        outcome: _T | None = None
        said: object = None
        try:
            outcome = said = send()
        except XMediaError as error:
            said = error
        fields = {"status": _status(self.events[before:])}
        fields.update(_said(said, self.secrets()))
        self.answers.append(Answer(step, fields))
        return outcome

    def processed(self, media: Media | None) -> None:
        """Wait until media is processed, and keep the last answer."""
        if media is not None and not media.ready:
            self("STATUS, at last", lambda: self.client.wait(media, timeout=_WAIT_SECONDS))


def _status(events: list[RequestEvent]) -> str:
    if not events:
        return "nothing was sent"
    status = events[-1].status
    return "no answer" if status is None else str(status)


def _said(outcome: object, secrets: list[str]) -> dict[str, str]:
    if isinstance(outcome, Media):
        return flat(_without(secrets, outcome.raw))
    if isinstance(outcome, MediaProcessingError) and outcome.media is not None:
        return flat(_without(secrets, outcome.media.raw))
    if isinstance(outcome, APIError | InvalidResponseError):
        return _body(outcome.body or "")
    if isinstance(outcome, XMediaError):
        return {"error": type(outcome).__name__}
    return {}


def _without(secrets: list[str], value: object) -> object:
    """A JSON value without secrets, which a gateway may repeat in a success too. Those in errors are masked already."""
    if isinstance(value, str):
        return _core.masked(value, secrets)
    if isinstance(value, dict):
        return {_core.masked(name, secrets): _without(secrets, member) for name, member in value.items()}
    return [_without(secrets, member) for member in value] if isinstance(value, list) else value


def _body(text: str) -> dict[str, str]:
    try:
        value = json.loads(text)
    except ValueError:
        return {"body": _masked(text.strip())} if text.strip() else {}
    return flat(value) if isinstance(value, dict | list) else {"body": _masked(str(value))}


def flat(value: object, path: str = "") -> dict[str, str]:
    """The members of a JSON value by their paths, with what differs from call to call named in its place."""
    if isinstance(value, dict):
        members = [(f"{path}.{name}" if path else str(name), member) for name, member in value.items()]
    elif isinstance(value, list):
        members = [(f"{path}[{at}]", member) for at, member in enumerate(value)]
    else:
        return {path: _shown(re.sub(r".*\.", "", path), value)}
    if not members and path:
        return {path: "{}" if isinstance(value, dict) else "[]"}
    return {name: text for path, member in members for name, text in flat(member, path).items()}


def _shown(name: str, value: object) -> str:
    """A value as it is compared: ids, times and shares of a whole by their kind, all else as it is."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    text = str(value)
    if _IS_NUMBER.fullmatch(text) is not None:
        # A number that is sent as text is another thing.
        return f'"{_kind(name, text)}"' if isinstance(value, str) else _kind(name, text)
    return "pending or in_progress" if name == "state" and value in {"pending", "in_progress"} else _masked(text)


def _kind(name: str, number: str) -> str:
    if name == "expires_after_secs":
        return f"{float(number) / 3600:.0f} h"
    varies = name in {"check_after_secs", "progress_percent"} or name.endswith("_at")
    return "<number>" if varies else _masked(number)


def _masked(text: str) -> str:
    return _NAME.sub("@<name>", _NUMBER.sub("<number>", text))[:_MAX_TEXT]
