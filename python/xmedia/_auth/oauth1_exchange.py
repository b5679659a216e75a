"""The exchange of a user's OAuth 1.0a tokens for OAuth 2.0 ones."""

import os
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Literal, TypedDict

from .. import _core
from .._types.checks import check_type
from .._types.errors import InvalidInputError
from .fields import checked_optional_secret, checked_scope, checked_secret
from .hidden import hides_arguments
from .oauth1 import OAuth1
from .token_file import TokenFile


class ExchangeOptions(TypedDict, total=False):
    """Options of `OAuth2.from_oauth1` and its twin."""

    timeout: float | timedelta | None
    base_url: str | None
    proxy: str | Literal[False] | None
    ca_file: str | os.PathLike[str] | None
    connect_timeout: float | timedelta | None
    allow_insecure_http: bool


#: What they are when they are not given.
_DEFAULTS: ExchangeOptions = {
    "timeout": 60,
    "base_url": None,
    "proxy": None,
    "ca_file": None,
    "connect_timeout": 10,
    "allow_insecure_http": False,
}


@hides_arguments
def exchange_oauth1(
    oauth1: OAuth1,
    client_id: str,
    store: TokenFile,
    *,
    client_secret: str | None,
    scope: str | Iterable[str] | None,
    options: ExchangeOptions,
) -> "_core.Operation[_core.LoginTokens]":
    """Check the arguments of `OAuth2.from_oauth1`, and begin."""
    if not isinstance(oauth1, OAuth1):
        raise TypeError(f"oauth1 must be an OAuth1, not {type(oauth1).__name__}")
    if not isinstance(store, TokenFile):
        raise TypeError(f"store must be a TokenFile, not {type(store).__name__}")
    if unknown := [name for name in options if name not in _DEFAULTS]:
        raise TypeError(f"from_oauth1() got an unexpected keyword argument {unknown[0]!r}")
    given: dict[str, Any] = {**_DEFAULTS, **options}
    names = None if scope is None else checked_scope(scope)
    if names == ():
        raise InvalidInputError("scope must name at least one scope, or be None for all")
    if given["base_url"] is not None:
        check_type("base_url", given["base_url"], str)
    return _core.exchange_oauth1(
        oauth1,
        checked_secret("client_id", client_id),
        store=str(store.path),
        client_secret=checked_optional_secret("client_secret", client_secret),
        scope=None if names is None else " ".join(names),
        **given,
    )
