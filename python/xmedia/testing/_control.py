"""What a test can do with a `MockServer`: order replies and faults, add media, move its clock, look at what came."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from types import EllipsisType
from typing import TypeAlias

from .. import InvalidInputError, ProcessingInfo, _core
from .._types.checks import check_type, checked_int, checked_number
from ._checks import checked_command, checked_items, checked_media_id, checked_seconds
from ._records import MediaRecord, RecordedRequest, media_record, recorded_request
from ._rows import step_rows
from ._script import Fault, Reply, item_row

Processing: TypeAlias = Iterable[str | ProcessingInfo | Mapping[str, object]] | None

#: A file that begins as an MP4 does; what `add_media` takes for a video when it is given no bytes.
_TINY_MP4 = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2mp41"


class ServerControl:
    """The part of `MockServer` that tests talk to."""

    _core: _core.MockServer
    _check_after_secs: float
    #: The version of the API in what is replayed.
    _replayed_api: str | None = None

    def script(self, command: str, *items: Reply | Fault | None) -> None:
        """Set the answers to the next requests of a command, in order of arrival; later ones get normal answers.

        Args:
            command: `'INIT'`, `'APPEND'`, `'FINALIZE'`, `'STATUS'`, `'SIMPLE'`, `'METADATA'`, `'SUBTITLES'` or
                `'TOKEN'`.
            items: A `Reply`, a `Fault`, or None for a normal answer, one for each request. They come after those
                that were set before.

        Examples:
            >>> from xmedia.testing import Fault, MockServer, Reply
            >>> with MockServer() as server:
            ...     server.script("FINALIZE", Reply(503), None, Fault.reset(after=True))
        """
        name = checked_command(command)
        self._core.script(name, [item_row("an item", item) for item in items])

    def scripted(self, command: str) -> int:
        """How many items were not used yet by a request of a command: 0 when a test has used them all."""
        return self._core.scripted(checked_command(command))

    def chaos(self, seed: int, rate: float, faults: Iterable[Fault | Reply]) -> None:
        """Apply one of these faults at random to requests without a script; the same seed gives the same faults.

        Args:
            seed: The seed of the random numbers.
            rate: The probability for each request, 0 to 1; 0 ends it.
            faults: The faults to choose from.
        """
        number = checked_int("seed", seed, most=2**64 - 1)
        probability = checked_number("rate", rate, zero=True)
        if probability > 1:
            raise InvalidInputError(f"rate must be from 0 to 1, not {probability}")
        items = checked_items("faults", faults)
        if probability and not items:
            raise InvalidInputError("faults must name at least one fault")
        self._core.chaos(number, probability, [item_row("a fault", item) for item in items])

    def replay(self, path: str | os.PathLike[str], *, speed: float | None = None) -> None:
        """Replay what xmedia recorded elsewhere, in place of the server's own answers.

        Each request gets the answer that was recorded for its command and media (for APPEND: and segment), in the
        recorded order and with the recorded ids. Authorization is not checked. Where no answer was recorded, the
        connection breaks in the same way, or is refused for the same time. Times in headers are moved to now. The last
        answer to a STATUS is repeated. Any other request that was not recorded gets a 599 that names the nearest
        recorded one; a client takes that as final. Scripts come before the recording. `reset` ends the replay.

        Args:
            path: A HAR file that xmedia wrote: with `save_har` of an error, or with the option `record` of a client.
            speed: How much faster than recorded: 1 for the recorded times, 10 for a tenth of them. By default every
                answer comes at once.

        Raises:
            TypeError: An argument has a wrong type.
            InvalidInputError: The file is not a HAR that xmedia wrote, or `speed` is not above 0.
            OSError: The file cannot be read.

        Examples:
            A test of what a user met, with the file that came with the report:

            >>> def test_bug(xmedia_server):
            ...     xmedia_server.replay("bug.har")
            ...     with pytest.raises(xmedia.InvalidMediaError):
            ...         publish(xmedia_server.client())
        """
        check_type("path", path, str, os.PathLike)
        if "\0" in os.fspath(path):
            raise InvalidInputError("path must not be a path with a null character")
        rate = None if speed is None else checked_number("speed", speed)
        with open(path, "rb") as file:
            har = file.read()
        try:
            self._replayed_api = self._core.replay(har, rate)
        except ValueError as error:
            raise InvalidInputError(f"{os.fspath(path)} cannot be replayed: {error}") from None

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests so far, in order of arrival, also those that were refused or never completed."""
        return [recorded_request(row) for row in self._core.requests()]

    @property
    def commands(self) -> list[str]:
        """The commands so far, in order of arrival."""
        return self._core.commands()

    def media(self, media_id: object) -> MediaRecord:
        """What the server has of an upload.

        Args:
            media_id: The id as a number or text, or a `Media`.

        Raises:
            KeyError: There is no such upload.
        """
        number = checked_media_id(media_id)
        row = self._core.media(number)
        if row is None:
            known = ", ".join(map(str, self.media_ids)) or "none"
            raise KeyError(f"there is no media {number}; there are: {known}")
        return media_record(row)

    @property
    def media_ids(self) -> list[int]:
        """The ids of all uploads, in the order in which they were begun."""
        return self._core.media_ids()

    def add_media(
        self,
        media_id: object,
        *,
        data: bytes | None = None,
        total_bytes: int | None = None,
        media_type: str = "video/mp4",
        media_category: str | None = "tweet_video",
        processing: Processing | EllipsisType = ...,
        expires_after_secs: float | timedelta | None = None,
        finalized: bool = False,
    ) -> None:
        """Add an upload as if INIT and every APPEND had been sent, so that FINALIZE comes next.

        Args:
            media_id: Its id. An upload that already has this id is replaced.
            data: Its bytes; by default a few that begin like an MP4.
            total_bytes: What INIT announced, if that should differ from the length of `data`.
            media_type: Its MIME type.
            media_category: Its category, or None.
            processing: Its own states of processing, as for the server; by default the server's.
            expires_after_secs: How many seconds its id can be used; by default the server's.
            finalized: Whether FINALIZE was sent, too, so that STATUS comes next.
        """
        number = checked_media_id(media_id)
        check_type("data", data, bytes, bytearray, memoryview, type(None))
        check_type("media_type", media_type, str)
        check_type("media_category", media_category, str, type(None))
        check_type("finalized", finalized, bool)
        expires = None if expires_after_secs is None else checked_seconds("expires_after_secs", expires_after_secs)
        total = None if total_bytes is None else checked_int("total_bytes", total_bytes)
        steps = None if processing is ... else step_rows(processing)
        try:
            self._core.add_media(
                number,
                data=_TINY_MP4 if data is None else bytes(data),
                total_bytes=total,
                media_type=media_type,
                media_category=media_category,
                processing=steps,
                check_after_secs=self._check_after_secs,
                expires_after_secs=expires,
                finalized=finalized,
            )
        except ValueError as error:
            raise InvalidInputError(str(error)) from None

    def set_processing(self, processing: Processing) -> None:
        """Change the course of processing of uploads that begin from now on."""
        self._core.set_processing(step_rows(processing), self._check_after_secs)

    def set_clock(self, offset_secs: float) -> None:
        """Set the server's clock this many seconds ahead of this machine's (behind it if negative).

        `Date`, rate limits, the timestamps of OAuth 1.0a signatures and the 30 seconds of a login's code follow the
        server's clock.
        """
        check_type("offset_secs", offset_secs, int, float)
        if not -1e9 <= offset_secs <= 1e9:
            raise InvalidInputError("offset_secs must be from -1e9 to 1e9")
        self._core.set_clock_offset(float(offset_secs))

    def authorize(self, url: str, *, deny: bool = False) -> str:
        """Play the user on the page of an `OAuth2Login`.

        Args:
            url: The page's address, `OAuth2Login.url`.
            deny: Whether the user does not authorize the app.

        Returns:
            The address that X sends the browser to, for `OAuth2Login.finish`. Its code works once, for 30 seconds.

        Raises:
            InvalidInputError: The page would refuse the address; the message says why.
        """
        check_type("url", url, str)
        check_type("deny", deny, bool)
        try:
            return self._core.authorize(url, deny)
        except ValueError as error:
            raise InvalidInputError(f"url: {error}") from None

    def expire_tokens(self) -> None:
        """Make every OAuth 2.0 access token and every code invalid, as time does; refresh tokens stay valid."""
        self._core.expire_tokens()

    def reset(self) -> None:
        """Forget all requests, media and scripts and end a replay, so that one server can serve many tests."""
        self._core.reset()
        self._replayed_api = None

    @property
    def connections(self) -> int:
        """How many connections were accepted so far."""
        return self._core.connections()

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return self._core.open_connections()

    def drop_connections(self) -> None:
        """Close all connections, as a server does with idle ones. New ones are accepted."""
        self._core.drop_connections()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Drop all connections and refuse new ones within a `with` statement."""
        self._core.go_down()
        try:
            yield
        finally:
            self._core.come_up()
