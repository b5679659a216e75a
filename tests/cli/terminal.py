"""A program in a terminal of a given size, and what somebody in front of it sees."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

#: The program `xmedia`, run in this process.
(main,) = [each.load() for each in entry_points(group="console_scripts", name="xmedia")]

_SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-z])")


class Screen:
    """As much of a terminal as a program that draws lines needs."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.lines = [""]
        self._row = self._column = 0

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            if match := _SEQUENCE.match(text, at):
                self._control(match[2], int(match[1] or 1))
                at = match.end()
                continue
            self._character(text[at])
            at += 1

    def _control(self, letter: str, number: int) -> None:
        if letter == "A":
            # The cursor does not leave the window.
            self._row = max(self._row - number, len(self.lines) - self.rows, 0)
        elif letter in "JK":
            self.lines[self._row] = self.lines[self._row][: self._column]
            if letter == "J":
                del self.lines[self._row + 1 :]

    def _character(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n" or self._column == self.columns:
            self._row += 1
            self._column = 0 if character != "\n" else self._column
            if self._row == len(self.lines):
                self.lines.append("")
            if character != "\n":
                self._character(character)
        elif character != "\n":
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + character + line[self._column + 1 :]
            self._column += 1

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)


class Terminal:
    """A program whose output and errors go to one terminal."""

    def __init__(self, command: Sequence[str], *, columns: int, rows: int = 24, env: dict[str, str] | None = None):
        self.screen = Screen(columns, rows)
        self.raw = ""
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (rows, columns))
        modes = termios.tcgetattr(slave)
        modes[3] |= termios.NOFLSH  # what was written and not read yet survives Ctrl-C
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "xmedia", *command],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm", **(env or {})},
        )
        os.close(slave)

    def read_until(self, condition: Callable[[str], bool], seconds: float = 20) -> str:
        """Read until the screen shows what is waited for, and return the screen."""
        patience = time.monotonic() + seconds
        while not condition(self.screen.text):
            assert time.monotonic() < patience, self.raw
            if select.select([self._master], [], [], 0.1)[0] and not self._read():
                break
        return self.screen.text

    def finish(self) -> str:
        """Read to the end, and return the screen."""
        while self._read():
            pass
        self.process.wait(10)
        os.close(self._master)
        return self.screen.text

    def interrupt(self) -> None:
        """Press Ctrl-C, which the terminal shows where the cursor is."""
        os.write(self._master, b"\x03")
        self.process.send_signal(signal.SIGINT)

    def _read(self) -> bool:
        try:
            text = os.read(self._master, 65536).decode()
        except OSError:
            return False  # what Linux says at the end
        self.raw += text
        self.screen.feed(text)
        return bool(text)
