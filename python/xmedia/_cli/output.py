"""What a command writes: results on standard output, all else on standard error, above the lines of the screen."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import sys
import warnings
from types import TracebackType
from typing import Any, Self, cast

from .. import Media, Progress, RequestEvent
from .._core import shown
from .._display import text
from .._types import exact_json
from . import exit_status, words
from .screen import Screen


class Output:
    """The output of one command. Use it in a `with` statement, which also takes the warnings."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._json: bool = arguments.json
        self._id_only: bool = arguments.id_only
        self._verbose: bool = arguments.verbose
        self._quiet: bool = arguments.quiet
        shows = not self._quiet and not self._json and Screen.fits(sys.stderr)
        self._screen = Screen(sys.stderr) if shows else None
        self._finalized: dict[int, None] = {}
        self._unwritable: OSError | None = None  # why nothing more can be written to standard output
        self._catching = warnings.catch_warnings()

    def __enter__(self) -> Self:
        self._catching.__enter__()
        if not sys.warnoptions:
            warnings.simplefilter("ignore" if self._quiet else "always", UserWarning)
        warnings.showwarning = self._warn  # type: ignore[assignment]  # the context above puts it back
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._catching.__exit__(kind, error, traceback)
        if self._screen is not None:
            self._screen.close()
        if self._unwritable is not None and error is None:
            raise self._unwritable

    @property
    def shows_progress(self) -> bool:
        """Whether progress is shown."""
        return self._screen is not None

    def progress(self, name: str, line: object, progress: Progress) -> None:
        """Show how far a file or media is, in a line of its own: what `line` is, its result is given as well."""
        if self._screen is not None:
            self._screen.show(line, words.escaped(name), progress)

    def event(self, event: RequestEvent) -> None:
        """Take note of a request: what was finalized must not be lost, and `-v` shows it."""
        if event.media_id is not None and event.command in {"FINALIZE", "STATUS"} and event.status in range(200, 300):
            self._finalized[event.media_id] = None
        if self._verbose:
            self.say(_described(event))

    def result(
        self, media: Media, *, file: str | None = None, line: object = None, may_be_unfinished: bool = False
    ) -> int:
        """Print media, and return the exit status."""
        self._finalized.pop(media.media_id, None)
        self._done(line)
        if self._json:
            self._print(exact_json.dumps(_row(media, file=file)))
        elif not self._id_only:
            self._print(text.summary(media) if file is None else f"{words.escaped(file)}  {text.summary(media)}")
        elif media.ready:
            self._print(str(media.media_id))
        else:
            # Nothing is printed that a script could take for the id of media that it can use.
            self.say(text.summary(media))
            return exit_status.READY if may_be_unfinished and not media.failed else exit_status.FAILED
        return exit_status.FAILED if media.failed else exit_status.READY

    def error(
        self, error: BaseException, *, file: str | None = None, line: object = None, media_id: str | None = None
    ) -> int:
        """Say what went wrong, and return the exit status."""
        media: Media | None = getattr(error, "media", None)
        if media is not None:
            self._finalized.pop(media.media_id, None)
        self._done(line)
        if self._json:
            self._print(exact_json.dumps(_row(media, file=file, error=error, media_id=media_id)))
        else:
            said = words.message(error)
            name = None if file is None else words.escaped(file)
            self.say(said if name is None or said.startswith(f"{name}: ") else f"{name}: {said}")
            if self._verbose and media is not None and not media.failed and media.command in {"FINALIZE", "STATUS"}:
                self.say(f"xmedia wait {media.media_id} goes on waiting")
        return exit_status.of(error)

    def interrupted(self, interrupt: KeyboardInterrupt, hint: str = "") -> int:
        """Say what an interrupted command leaves behind, and return the exit status."""
        if self._screen is not None:
            self._screen.close()
        self.say(f"interrupted{hint}")
        for media_id in self._finalized:
            self.say(f"{media_id} was finalized: xmedia wait {media_id} goes on waiting")
        return exit_status.of(interrupt)

    def say(self, line: str) -> None:
        """Say something that is not a result. Nothing ends because it cannot be written."""
        with contextlib.suppress(OSError):
            self._say(line)

    def _say(self, line: str) -> None:
        if sys.stderr is None:
            return
        if self._screen is None:
            words.say(line)
        else:
            self._screen.print(f"xmedia: {line}", sys.stderr)

    def _print(self, line: str) -> None:
        """Print a result, on standard error where standard output cannot be written: nobody else has its id.

        What was asked for is done all the same, and the error follows when the command ends.
        """
        if self._unwritable is None:
            try:
                self._write(line)
                return
            except OSError as error:
                self._unwritable = OSError(error.errno, error.strerror, "standard output")
        # If this fails too, uploading more makes ids that nobody will ever see, so that ends the command.
        self._say(line)

    def _write(self, line: str) -> None:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self._screen is None:
            print(line, flush=True)
        else:
            self._screen.print(line, sys.stdout)

    def _done(self, line: object) -> None:
        if self._screen is not None:
            self._screen.remove(line)

    def _warn(self, message: Warning | str, *_: object) -> None:
        said = words.message(message) if isinstance(message, Warning) else str(message)
        self.say(f"warning: {said}")


def _described(event: RequestEvent) -> str:
    about = event.command if event.media_id is None else f"{event.command} {event.media_id}"
    outcome = str(event.status) if event.status is not None else "no answer"
    parts = [f"{about}: {outcome} in {event.duration:.2f} s"]
    if event.attempt > 1:
        parts.append(f"attempt {event.attempt}")
    if event.retry_in is not None:
        parts.append(f"again in {event.retry_in:.1f} s")
    line = ", ".join(parts)
    # The sentence begins with what the line has said already.
    return f"{line}: {event.error.removeprefix(f'{about}: ').removeprefix(f'{outcome} ')}" if event.error else line


def _row(
    media: Media | None, *, file: str | None = None, error: BaseException | None = None, media_id: str | None = None
) -> dict[str, Any]:
    """What `--json` prints of one result: the file, what `Media.to_json` says, the state, and the error.

    Its numbers are those of `exact_json`, which writes them as they came.
    """
    info = media.processing_info if media is not None else None
    known: dict[str, Any] = {"media_id": int(media_id) if media_id else None} if media is None else {}
    if media is not None:
        known = cast("dict[str, Any]", exact_json.loads(media.to_json()))
        known["ready"] = media.ready
    known["state"] = str(info.state) if info is not None else ("succeeded" if media and media.ready else None)
    failure = info.error if info is not None else None
    text = str(error) if error is not None else shown(failure.message or failure.name or "failed") if failure else None
    known["error"] = text
    known["error_type"] = type(error).__name__ if error is not None else None
    return known if file is None else {"file": file, **known}
