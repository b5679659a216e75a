"""`xmedia conformance`: says what it will send, asks, sends it to X, and shows where the mock server differs."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ... import Client, RequestEvent
from .. import exit_status, words
from ..own_secrets import own_secrets
from .answers import Answer, Asker
from .probes import PROBES, Probe
from .samples import video as sample_video

#: How long a mock server says that processing takes: nobody waits for that.
_MOCK_SECONDS = 0.01
_WIDTH = 36
#: What no other probe would be answered with anything else than.
_REFUSALS = {"401", "402", "403", "429", "no answer"}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers differ. What was not there is empty."""

    probe: str
    step: str
    field: str
    server: str
    mock: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "--api", choices=["1.1", "2"], help="the version of the API (default: as the credentials have it)"
    )
    parser.add_argument("--video", metavar="FILE", help="a short video to send (default: one that comes with xmedia)")
    parser.add_argument("--yes", action="store_true", help="do not ask whether to go on")
    parser.add_argument("--json", action="store_true", help="print all answers, one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Run the probes, and return the exit status: 1 where X and the mock server differ."""
    video = Path(arguments.video).read_bytes() if arguments.video else sample_video()
    events: list[RequestEvent] = []
    options = {} if arguments.api is None else {"api": arguments.api}
    with Client.from_env(check="off", on_event=events.append, **options) as client:
        expected, size = _of_mock(client.api, video)
        _announce(client, expected, size, file=arguments.video)
        if not arguments.yes and not _agreed():
            words.say("nothing was sent")
            return exit_status.USAGE
        differences = []
        for probe, wanted in expected:
            given = _answers(probe, client, events, video, lambda: _secrets_of(client))
            if probe is expected[0][0] and given[0].fields["status"] in _REFUSALS:
                words.say(f"X refuses this user or app (HTTP {given[0].fields['status']}); xmedia doctor may know why")
                return exit_status.FAILED
            found = list(compared(probe.name, given, wanted))
            differences += found
            if arguments.json:
                _print_json(probe, given, wanted, found)
            else:
                say = "as expected" if not found else _counted(len(found))
                words.say(f"{probe.name}: {say}")
    if not arguments.json:
        _print_table(differences)
    return exit_status.FAILED if differences else exit_status.READY


def _of_mock(api: str, video: bytes) -> tuple[list[tuple[Probe, list[Answer]]], int]:
    """What a mock server answers, and how many bytes that took."""
    from ...testing import MockServer  # noqa: PLC0415  (no other command needs the server)

    events: list[RequestEvent] = []
    with MockServer(check_after_secs=_MOCK_SECONDS) as server, server.client(api=api, on_event=events.append) as client:
        probes = [probe for probe in PROBES if api in probe.apis]
        answers = [(probe, _answers(probe, client, events, video)) for probe in probes]
    return answers, sum(event.bytes_sent for event in events)


def _answers(
    probe: Probe,
    client: Client,
    events: list[RequestEvent],
    video: bytes,
    secrets: Callable[[], list[str]] = list,
) -> list[Answer]:
    ask = Asker(client, events, secrets)
    probe.run(ask, video)
    return ask.answers


def _secrets_of(client: Client) -> list[str]:
    _, (_, auth, _) = client.__reduce__()
    return [*own_secrets(client._auth, os.environ), *own_secrets(auth, {})]


def _announce(client: Client, expected: list[tuple[Probe, list[Answer]]], size: int, *, file: str | None) -> None:
    number = sum(len(answers) for _, answers in expected)
    name = "a clip that comes with xmedia" if file is None else words.escaped(file)
    for line in (
        f"this sends about {number} requests, {size / 1e6:.1f} MB, to {client.base_url} (API {client.api}):",
        *(f"  {probe.name}" for probe, _ in expected),
        f"The video is {name}; image, GIF and segments are made here.",
        "Nothing is posted. Nobody sees what is uploaded, and X forgets it after a day.",
        "It may cost: the requests count toward the app's and your limits, those of 24 hours too, and an app that pays "
        "by use pays for uploads at X's current prices.",
        "Ids are masked in what is printed.",
    ):
        print(line, file=sys.stderr, flush=True)


def _agreed() -> bool:
    """Whether the user wants it. Where nobody can be asked, nobody has agreed."""
    if sys.stdin is None or not sys.stdin.isatty():
        words.say("this is not a terminal, so nobody can be asked; pass --yes to go on")
        return False
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def compared(probe: str, given: list[Answer], wanted: list[Answer]) -> Iterator[Difference]:
    """Where the answers of two servers to one probe differ."""
    of_mock = {answer.step: answer.fields for answer in wanted}
    of_server = {answer.step: answer.fields for answer in given}
    for step in dict.fromkeys([*of_mock, *of_server]):
        if step not in of_server or step not in of_mock:
            sent = ("", "sent") if step in of_mock else ("sent", "")
            yield Difference(probe, step, "request", *sent)
            continue
        ours, theirs = of_mock[step], of_server[step]
        for field in dict.fromkeys([*ours, *theirs]):
            if ours.get(field) != theirs.get(field):
                yield Difference(probe, step, field, theirs.get(field, ""), ours.get(field, ""))


def _print_json(probe: Probe, given: list[Answer], wanted: list[Answer], found: list[Difference]) -> None:
    of_mock = {answer.step: answer.fields for answer in wanted}
    of_server = {answer.step: answer.fields for answer in given}
    for step in dict.fromkeys([*of_mock, *of_server]):
        line = {
            "probe": probe.name,
            "step": step,
            "server": of_server.get(step),
            "mock": of_mock.get(step),
            "differences": [each.field for each in found if each.step == step],
        }
        print(json.dumps(line), flush=True)


def _print_table(differences: list[Difference]) -> None:
    if not differences:
        print("no difference")
        return
    rows = [("step", "field", "server", "mock")]
    rows += [(f"{each.probe}: {each.step}", each.field, each.server or "-", each.mock or "-") for each in differences]
    rows = [(row[0], row[1], _cut(row[2]), _cut(row[3])) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
    print(f"{_counted(len(differences))}; --json shows all that was answered. Please report them.")


def _cut(text: str) -> str:
    text = words.escaped(text)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _counted(number: int) -> str:
    return "1 difference" if number == 1 else f"{number} differences"
