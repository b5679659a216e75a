"""Keeps secrets out of what error reports show: our frames' local variables, and our objects' attributes."""

import functools
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

ParamsT = ParamSpec("ParamsT")
ReturnT = TypeVar("ReturnT")
ValueT = TypeVar("ValueT")


class Hidden(Generic[ValueT]):
    """A value that no `repr`, `vars` or serializer shows."""

    __slots__ = ("_value",)

    def __init__(self, value: ValueT) -> None:
        self._value = value

    def reveal(self) -> ValueT:
        """Return the value."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Hidden) else NotImplemented

    def __hash__(self) -> int:
        return hash((Hidden, self._value))

    def __repr__(self) -> str:
        return "<not shown>"


def without_frames(error: BaseException) -> BaseException:
    """Take the frames off an error of ours and off what led to it: their local variables may hold secrets."""
    seen: set[int] = set()
    following: list[BaseException] = [error]
    while following:
        one = following.pop()
        if id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = None
            following.extend(other for other in (one.__cause__, one.__context__) if other is not None)
    return error


def hides_arguments(function: Callable[ParamsT, ReturnT]) -> Callable[ParamsT, ReturnT]:
    """Make a function that is given secrets raise its errors without frames in which they stand."""

    @functools.wraps(function)
    def checked(*args: ParamsT.args, **kwargs: ParamsT.kwargs) -> ReturnT:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            failure = without_frames(error)
        finally:
            del args, kwargs
        try:
            raise failure
        finally:
            del failure

    return checked
