"""`NOT_GIVEN`: stands for an argument that was left out, where None means something."""

from enum import Enum
from typing import Final, Literal, TypeAlias


class _Sentinel(Enum):
    NOT_GIVEN = "not given"

    def __repr__(self) -> str:
        return "<not given>"


NOT_GIVEN: Final = _Sentinel.NOT_GIVEN
NotGiven: TypeAlias = Literal[_Sentinel.NOT_GIVEN]
