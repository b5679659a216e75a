"""The library's messages in the words of another front, which names arguments differently and can do other things."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


class Wording:
    """How one front says what the library says.

    Args:
        phrases: Patterns and what stands in their place. All are tried, in this order, so longer ones come first.
        arguments: The names of the library's arguments, and the front's.
    """

    def __init__(self, phrases: Iterable[tuple[str, str]], arguments: Mapping[str, str]) -> None:
        self._phrases = tuple((re.compile(pattern), instead) for pattern, instead in phrases)
        self._arguments = dict(arguments)
        # A name after a dot, a dash or a quotation mark is something else, and so is one that a value follows.
        self._argument = re.compile(rf"(?<![\w.\"-])({'|'.join(self._arguments)})\b(?!=)")

    def advice(self, text: str) -> str:
        """A message with the phrases replaced. The arguments' names are left: a server may have said them."""
        for pattern, instead in self._phrases:
            text = pattern.sub(instead, text)
        return text

    def complaint(self, text: str) -> str:
        """A message about the caller's own arguments, with their names replaced as well."""
        return self._argument.sub(lambda match: self._arguments[match[1]], self.advice(text))
