"""The documentation of a public class, with the texts that stand below its fields in the source.

They stand there for editors, which show them where the mouse is. At run time nothing is left of them, so they are read
from the source when `help()` or IPython asks.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator
    from typing import TypeVar

    ClassT = TypeVar("ClassT", bound=type)


def public_class(cls: ClassT, package: str = "xmedia") -> ClassT:
    """Have a class say the name by which users import it, and its documentation say what its fields are."""
    if cls.__doc__:
        cls.__doc__ = Documentation(cls.__doc__, cls.__module__)  # type: ignore[assignment]  # as a property
    cls.__module__ = package
    return cls


class Documentation:
    """The `__doc__` of a class, which is made when it is first asked for.

    Args:
        text: The class's own text.
        module: The module that the class is written in. To users it says the name of the package.
    """

    __slots__ = ("_module", "_text", "_whole")

    def __init__(self, text: str, module: str) -> None:
        self._text = text
        self._module = module
        self._whole: str | None = None

    def __get__(self, record: object, owner: type) -> str:
        if self._whole is None:
            parts = [(each.__name__, vars(each).get("__doc__")) for each in reversed(owner.__mro__)]
            fields = [field for name, part in parts if isinstance(part, Documentation) for field in part._fields(name)]
            self._whole = _joined(self._text, fields)
        return self._whole

    def _fields(self, name: str) -> Iterator[tuple[str, str]]:
        """The fields of the class itself and their texts; none where the source cannot be read."""
        import ast  # noqa: PLC0415  (only who reads documentation needs it)
        import inspect  # noqa: PLC0415  (as above)
        import sys  # noqa: PLC0415  (as above)

        try:
            module = ast.parse(inspect.getsource(sys.modules[self._module]))
        # There is no file, no such module any more, none with a file (in a frozen program), or no Python in the file.
        except (OSError, KeyError, TypeError, SyntaxError):
            return
        for statement in module.body:
            if isinstance(statement, ast.ClassDef) and statement.name == name:
                yield from _described(statement)


def _described(tree: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """What has a text below it, in the class or in its `__init__`."""
    import ast  # noqa: PLC0415  (as above)
    import inspect  # noqa: PLC0415  (as above)
    from itertools import pairwise  # noqa: PLC0415  (as above)

    makes = [each.body for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    for statement, below in (pair for body in (tree.body, *makes) for pair in pairwise(body)):
        match statement, below:
            case (
                ast.AnnAssign(target=target) | ast.Assign(targets=[target]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                name = ast.unparse(target).removeprefix("self.")
                yield name, inspect.cleandoc(text)


def _joined(text: str, fields: list[tuple[str, str]]) -> str:
    """A class's text and those of its fields, in the form of the arguments of functions."""
    import inspect  # noqa: PLC0415  (as above)
    import textwrap  # noqa: PLC0415  (as above)

    if not fields:
        return text
    lines = (textwrap.indent(f"{name}: {described}", " " * 8)[4:] for name, described in fields)
    return "\n".join([inspect.cleandoc(text), "", "Attributes:", *lines, ""])
