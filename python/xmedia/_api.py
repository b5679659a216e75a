"""The public names and what they stand for, loaded together when the first of them is used.

The table is `__all__` of the package. Tracebacks, reprs and pickles say `xmedia.Media`, whichever module it is in.
"""

from collections.abc import Iterable
from types import FunctionType

from ._auth import credentials, login, token_file
from ._calls import hooks
from ._client import client, options
from ._types import errors, media, models, trace


def public(names: Iterable[str]) -> dict[str, object]:
    """What these names stand for; classes say that they are the package's, and verbs that they are `Client`'s."""
    defined = {}
    for module in (credentials, login, token_file, hooks, client, options, errors, media, models, trace):
        defined.update(vars(module))
    found = {name: defined[name] for name in names if name in defined}
    for value in found.values():
        if isinstance(value, type):
            value.__module__ = __package__
    for part in client.Client.__mro__[1:-1]:
        for name, verb in vars(part).items():
            if isinstance(verb, FunctionType):
                verb.__module__, verb.__qualname__ = __package__, f"{client.Client.__name__}.{name}"
    return found
