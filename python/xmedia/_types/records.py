"""`dataclass` for our records, which makes them quickly.

Before Python 3.13 the usual one compiles six methods anew for each frozen class, which took a third of the time in
which xmedia was imported. Five of them are the same for all classes and stand here; the sixth, `__init__`, is compiled
when a record is first made by its constructor, or when its signature is looked at. The core makes records without it.
"""

import dataclasses
import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")


def _quick(**options: bool) -> Callable[[type[T]], type[T]]:
    """What `dataclass(frozen=True, slots=True, kw_only=True)` is; of the options only `repr` matters."""

    def decorate(record: type[T]) -> type[T]:
        inherits = any(dataclasses.is_dataclass(base) for base in record.__mro__[1:])
        given = {"init": False, "eq": False, "frozen": inherits, "slots": True, "kw_only": True}
        made: Any = dataclasses.dataclass(repr=options.get("repr", True), **given)(record)
        parameters = made.__dataclass_params__
        parameters.init = parameters.eq = parameters.frozen = True
        fields = dataclasses.fields(made)
        methods = _frozen(made, frozenset(each.name for each in fields))
        compared = attrgetter(*(each.name for each in fields if each.compare))
        # A dictionary is compared and cannot be hashed.
        in_hash = attrgetter(*(each.name for each in fields if (each.compare if each.hash is None else each.hash)))
        methods |= _compared(compared, in_hash)
        for name, method in methods.items():
            setattr(made, name, _of(made, name, method))
        for name in ("getstate", "setstate"):
            # They are private, and the same in both versions.
            setattr(made, f"__{name}__", getattr(dataclasses, f"_dataclass_{name}"))
        made.__init__ = _LateInit(made)
        return made  # type: ignore[no-any-return]

    return decorate


def _frozen(made: Any, names: frozenset[str]) -> dict[str, Any]:
    def set_(self: object, name: str, value: object) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    def delete(self: object, name: str) -> None:
        if type(self) is made or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    return {"__setattr__": set_, "__delattr__": delete}


def _compared(compared: Callable[[object], object], in_hash: Callable[[object], object]) -> dict[str, Any]:
    def equal(self: object, other: object) -> bool:
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: object) -> int:
        return hash(in_hash(self))

    return {"__eq__": equal, "__hash__": hashed}


def _of(made: type, name: str, function: Any) -> Any:
    """The function as a method of this class."""
    function.__name__, function.__qualname__, function.__module__ = name, f"{made.__qualname__}.{name}", made.__module__
    return function


class _LateInit:
    """Stands for the `__init__` of a record until somebody wants it."""

    def __init__(self, made: type) -> None:
        self.made = made

    def __get__(self, record: object, owner: type | None = None) -> Any:
        made: Any = self.made
        if made.__dict__.get("__init__") is self:
            made.__init__ = _of(made, "__init__", _init(made))
        return made.__dict__["__init__"].__get__(record, owner)


def _init(made: Any) -> Any:
    """Compile the constructor, which takes the fields, and has `__post_init__` look at them."""
    scope: dict[str, Any] = {"__name__": made.__module__, "set_": object.__setattr__}
    missing = scope["missing"] = vars(dataclasses)["_HAS_DEFAULT_FACTORY"]
    by_position: list[str] = []
    by_name: list[str] = []
    lines = []
    fields = [each for each in dataclasses.fields(made) if each.init]
    for each in fields:
        name, value, default = each.name, each.name, each.default
        if each.default_factory is not dataclasses.MISSING:
            default, scope[f"make_{name}"] = missing, each.default_factory
            value = f"make_{name}() if {name} is missing else {name}"
        if default is not dataclasses.MISSING:
            scope[f"default_{name}"] = default
            name = f"{name}=default_{name}"
        (by_name if each.kw_only else by_position).append(name)
        lines.append(f"    set_(self, {each.name!r}, {value})")
    if hasattr(made, "__post_init__"):
        lines.append("    self.__post_init__()")
    parameters = ", ".join(["self", *by_position, "*", *by_name])
    exec("\n".join([f"def __init__({parameters}):", *lines]), scope)  # noqa: S102  (field names)
    scope["__init__"].__annotations__ = {**{each.name: each.type for each in fields}, "return": None}
    return scope["__init__"]


#: For the modules of records, which put it in the place of the one that type checkers and the documentation know.
dataclass: Any = dataclasses.dataclass if sys.version_info >= (3, 13) else _quick
