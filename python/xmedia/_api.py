"""The public names and what they stand for, loaded together when the first of them is used, but for a few.

The table is `__all__` of the package. Tracebacks, reprs and pickles say `xmedia.Media`, whichever module it is in.
"""

from collections.abc import Collection, Iterable
from importlib import import_module
from types import FunctionType

from ._auth import oauth1, oauth2, token_file
from ._calls import hooks
from ._client import client, options
from ._display.documentation import public_class
from ._types import errors, media, models, trace


def public(names: Iterable[str]) -> dict[str, object]:
    """What these names stand for."""
    defined = {}
    for module in (oauth1, oauth2, token_file, hooks, client, options, errors, media, models, trace):
        defined.update(vars(module))
    found = {name: defined[name] for name in names if name in defined}
    name_as_public(__package__, found.values())
    return found


#: Where the others are, which most programs do without.
_LATER = (
    ("xmedia._auth.login", "OAuth2Login"),
    ("xmedia._client.checking", "check"),
    ("xmedia._client.upload_item", "UploadItem"),
    ("xmedia._types.exchange", "Exchange"),
    ("xmedia._types.report", "AudioTrack"),
    ("xmedia._types.report", "CheckReport"),
    ("xmedia._types.report", "FileFacts"),
    ("xmedia._types.report", "Finding"),
    ("xmedia._types.report", "ImageFacts"),
    ("xmedia._types.report", "MediaWarning"),
    ("xmedia._types.report", "VideoTrack"),
    ("xmedia._types.traced", "TracedRequest"),
    ("xmedia._types.traced", "TracedWait"),
)


def public_later(name: str) -> object:
    """What one of the others stands for."""
    module = next(module for module, public in _LATER if public == name)
    found: object = getattr(import_module(module), name)
    name_as_public(__package__, [found])
    return found


def name_as_public(package: str, values: Collection[object]) -> None:
    """Have classes, and methods that stand in private bases of theirs, say the names by which users import them."""
    for public in values:
        if isinstance(public, FunctionType):
            public.__module__ = package
        if not isinstance(public, type):
            continue
        if public.__module__ != package:
            public_class(public, package)
        parts = [base for base in public.__mro__ if base.__module__.startswith("xmedia.") and base not in values]
        for name, method in [member for part in parts for member in vars(part).items()]:
            if isinstance(method, FunctionType):
                method.__module__, method.__qualname__ = package, f"{public.__name__}.{name}"
