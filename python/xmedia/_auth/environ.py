"""What `Client.from_env` takes from the environment: credentials, `api`, `base_url`, `allow_insecure_http`."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypedDict, TypeVar

from .._types.errors import InvalidInputError
from .fields import checked_secret
from .hidden import hides_arguments
from .oauth1 import OAuth1
from .oauth2 import OAuth2, credentials_from_file
from .profiles import DEFAULT_PROFILE, profile_path
from .token_file import TokenFile

#: The variables of OAuth 1.0a's four values, in the order of `OAuth1`'s arguments.
OAUTH1_VARIABLES = ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET")
_OAUTH2 = ("X_OAUTH2_ACCESS_TOKEN",)
_APIS: Mapping[str, Literal["1.1", "2"]] = {"1.1": "1.1", "2": "2"}

_CHECKS: Mapping[str, Literal["warn", "error", "off"]] = {"warn": "warn", "error": "error", "off": "off"}
_ACCOUNTS: Mapping[str, Literal["default", "premium"]] = {"default": "default", "premium": "premium"}
_T = TypeVar("_T")

_OnRefresh = Callable[[OAuth2], object]


class EnvironOptions(TypedDict, total=False):
    """Arguments of `Client` that the environment gave; those it says nothing about are left out."""

    auth: OAuth1 | OAuth2
    api: Literal["1.1", "2"]
    base_url: str
    check: Literal["warn", "error", "off"]
    account: Literal["default", "premium"]
    record: str
    allow_insecure_http: bool


@hides_arguments
def options_from_environ(
    environ: Mapping[str, str],
    *,
    auth: OAuth1 | OAuth2 | None = None,
    api: str | None = None,
    on_refresh: _OnRefresh | None = None,
) -> EnvironOptions:
    """Read the arguments of `Client` from environment variables. An empty variable counts as missing.

    Credentials are looked for in this order: a complete set of variables; `X_OAUTH2_TOKEN_FILE` alone; the profile that
    `X_PROFILE` names; the profile `default`, only if no variable for credentials is set and `X_API` is not 1.1.

    Args:
        environ: The variables, `os.environ` for instance.
        auth: Credentials given as an option: the environment's are not looked at.
        api: The API version given as an option: it beats `X_API`.
        on_refresh: Given as an option, called after the token file, if there is one, was written.

    Returns:
        The arguments. They hold `api` only if `X_API` said so and no option did.

    Raises:
        InvalidInputError: Variables are missing, which are named, contradict each other, or have values
            that cannot be right; or the token file cannot be trusted.
        OSError: The token file cannot be used.
    """
    variables = {name: value for name, value in environ.items() if value}
    options: EnvironOptions = {}
    named_api = _api(variables)
    if named_api is not None and api is None:
        options["api"] = named_api
    if "X_BASE_URL" in variables:
        options["base_url"] = variables["X_BASE_URL"]
    if "X_CHECK" in variables:
        options["check"] = _choice(variables, "X_CHECK", _CHECKS)
    if account := account_from_environ(variables):
        options["account"] = account
    # Set by the pytest plugin: what tests send is not for the records of whoever runs them.
    if "X_RECORD" in variables and "XMEDIA_BLOCK_NETWORK" not in variables:
        options["record"] = variables["X_RECORD"]
    insecure = variables.get("X_ALLOW_INSECURE_HTTP", "0")
    if insecure not in {"0", "1"}:
        raise InvalidInputError("X_ALLOW_INSECURE_HTTP must be 1, 0 or not set")
    if insecure == "1":
        options["allow_insecure_http"] = True
    if auth is None:
        options["auth"] = _credentials(variables, api or named_api, on_refresh)
    return options


def account_from_environ(environ: Mapping[str, str]) -> Literal["default", "premium"] | None:
    """Whose limits hold for files, if the environment says so."""
    return _choice(environ, "X_ACCOUNT", _ACCOUNTS) if environ.get("X_ACCOUNT") else None


def _api(variables: Mapping[str, str]) -> Literal["1.1", "2"] | None:
    if "X_API" not in variables:
        return None
    if variables["X_API"] not in _APIS:
        raise InvalidInputError("X_API must be 1.1 or 2")
    return _APIS[variables["X_API"]]


def _choice(variables: Mapping[str, str], name: str, known: Mapping[str, _T]) -> _T:
    value = known.get(variables[name])
    if value is None:
        raise InvalidInputError(f"{name} must be one of {', '.join(known)}")
    return value


def _credentials(variables: Mapping[str, str], api: str | None, on_refresh: _OnRefresh | None) -> OAuth1 | OAuth2:
    lacks_oauth1 = [name for name in OAUTH1_VARIABLES if name not in variables]
    lacks_oauth2 = [name for name in _OAUTH2 if name not in variables]
    if api == "1.1":
        if lacks_oauth1:
            raise InvalidInputError(f"API 1.1 takes OAuth 1.0a only, but {_not_set(lacks_oauth1)}")
        return _oauth1(variables)
    if not lacks_oauth1 and not lacks_oauth2 and api is None:
        raise InvalidInputError(
            "the environment has credentials for OAuth 1.0a and for OAuth 2.0: set X_API to 1.1 or 2 to choose, "
            "or unset X_OAUTH2_ACCESS_TOKEN"
        )
    if not lacks_oauth2:
        return _oauth2(variables, on_refresh)
    if not lacks_oauth1:
        return _oauth1(variables)
    return _kept(variables, lacks_oauth1, on_refresh)


def _kept(variables: Mapping[str, str], lacks_oauth1: Sequence[str], on_refresh: _OnRefresh | None) -> OAuth2:
    """Credentials that a file keeps, since no set of variables is complete."""
    begun = [name for name in OAUTH1_VARIABLES if name in variables]
    if begun:
        raise InvalidInputError(f"OAuth 1.0a credentials are not complete: {_not_set(lacks_oauth1)}. {_LOG_IN}")
    if "X_OAUTH2_REFRESH_TOKEN" in variables:
        raise InvalidInputError(f"OAuth 2.0 credentials are not complete: {_not_set(_OAUTH2)}. {_LOG_IN}")
    if "X_OAUTH2_TOKEN_FILE" in variables:
        path = variables["X_OAUTH2_TOKEN_FILE"]
        if not os.path.lexists(path):
            raise InvalidInputError(
                f"X_OAUTH2_TOKEN_FILE names {path}, which does not exist, and {_not_set(_OAUTH2)}. {_LOG_IN}"
            )
        return _from_file(variables, path, on_refresh)
    if "XMEDIA_BLOCK_NETWORK" in variables:
        # Set by the pytest plugin: the logins of whoever runs the tests are not for them.
        raise InvalidInputError(_NOTHING)
    if "X_PROFILE" in variables:
        name = variables["X_PROFILE"]
        profile = profile_path(name, variables)
        if not os.path.lexists(profile):
            raise InvalidInputError(
                f"X_PROFILE is {name}, but there is no such profile ({profile}): xmedia login --profile {name}"
            )
        return _from_file(variables, profile, on_refresh)
    try:
        default = profile_path(DEFAULT_PROFILE, variables)
    except InvalidInputError:
        raise InvalidInputError(_NOTHING) from None  # without a home directory there is no login either
    if os.path.lexists(default):
        return _from_file(variables, default, on_refresh)
    raise InvalidInputError(_NOTHING)


_LOG_IN = "Or log in: xmedia login"
_NOTHING = (
    f"no credentials in the environment: set {', '.join(OAUTH1_VARIABLES)} for OAuth 1.0a, "
    f"or {', '.join(_OAUTH2)} for OAuth 2.0. {_LOG_IN}"
)


def _from_file(variables: Mapping[str, str], path: str, on_refresh: _OnRefresh | None) -> OAuth2:
    return credentials_from_file(
        path,
        client_id=_optional(variables, "X_CLIENT_ID"),
        client_secret=_optional(variables, "X_CLIENT_SECRET"),
        on_refresh=on_refresh,
    )


def _oauth1(variables: Mapping[str, str]) -> OAuth1:
    return OAuth1(*(checked_secret(name, variables[name]) for name in OAUTH1_VARIABLES))


def _oauth2(variables: Mapping[str, str], on_refresh: _OnRefresh | None) -> OAuth2:
    access_token = checked_secret("X_OAUTH2_ACCESS_TOKEN", variables["X_OAUTH2_ACCESS_TOKEN"], header=True)
    refresh_token = _optional(variables, "X_OAUTH2_REFRESH_TOKEN")
    client_id = _optional(variables, "X_CLIENT_ID")
    path = variables.get("X_OAUTH2_TOKEN_FILE")
    if refresh_token is None:
        if path is not None:
            raise InvalidInputError(
                "X_OAUTH2_TOKEN_FILE keeps refreshed tokens, but X_OAUTH2_REFRESH_TOKEN is not set; unset "
                "X_OAUTH2_ACCESS_TOKEN to use the tokens in the file"
            )
        return OAuth2(access_token, on_refresh=on_refresh)
    if client_id is None:
        raise InvalidInputError(f"X_OAUTH2_REFRESH_TOKEN needs the app's client id, but {_not_set(['X_CLIENT_ID'])}")
    if path is None and on_refresh is None:
        raise InvalidInputError(
            "X_OAUTH2_REFRESH_TOKEN is single-use, so the new token must be kept: set X_OAUTH2_TOKEN_FILE to the "
            "path of a file, or give on_refresh="
        )
    return OAuth2(
        access_token,
        refresh_token=refresh_token,
        client_id=client_id,
        client_secret=_optional(variables, "X_CLIENT_SECRET"),
        on_refresh=on_refresh,
        store=None if path is None else TokenFile(path),
    )


def _optional(variables: Mapping[str, str], name: str) -> str | None:
    return checked_secret(name, variables[name]) if name in variables else None


def _not_set(names: Sequence[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not set"
