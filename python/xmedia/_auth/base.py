"""What both kinds of credentials share."""

from typing import ClassVar, NoReturn, Self


class Credentials:
    """Immutable, compared by value, and silent about what they hold: no repr, message or log shows it.

    They are not dataclasses, on purpose. Serializers of log records write out every dataclass they
    meet, whatever its repr says.
    """

    __slots__ = ()
    _compared: ClassVar[tuple[str, ...]]

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make a new one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make a new one")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<not shown>)"

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self._compared)

    def _fill(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)
