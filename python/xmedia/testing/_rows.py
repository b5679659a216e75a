"""The options of the mock server as `xmedia._core` takes them."""

import difflib
import json
from collections.abc import Iterable, Mapping

from .. import InvalidInputError, OAuth1, OAuth2, ProcessingInfo
from .._types.checks import check_type, checked_int
from ._checks import checked_command, checked_items, checked_seconds

#: The credentials that a server accepts when it is given none.
DUMMY_OAUTH1 = ("mock-consumer-key", "mock-consumer-secret", "1-mock-access-token", "mock-access-token-secret")
DUMMY_OAUTH2 = "mock-oauth2-access-token"

_OAUTH1 = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
_OAUTH2 = ("access_token", "refresh_token", "client_id", "client_secret")

#: The states of processing that X documents.
STATES = ("pending", "in_progress", "succeeded", "failed")


def credential_rows(auth: object) -> list[dict[str, str | None]]:
    if auth is None:
        auth = [OAuth1(*DUMMY_OAUTH1), OAuth2(DUMMY_OAUTH2)]
    credentials = checked_items("auth", auth) if isinstance(auth, Iterable) else [auth]
    if not credentials:
        raise InvalidInputError("auth must name at least one credential")
    return [_credential_row(credential) for credential in credentials]


def _credential_row(credential: object) -> dict[str, str | None]:
    check_type("auth", credential, OAuth1, OAuth2)
    if callable(getattr(credential, "access_token", None)):
        raise InvalidInputError("auth must name the access token itself, not a callable")
    names = _OAUTH1 if isinstance(credential, OAuth1) else _OAUTH2
    return {name: getattr(credential, name) for name in names}


def limit_rows(rate_limits: object) -> list[tuple[str, int, float]]:
    if rate_limits is None:
        return []
    if not isinstance(rate_limits, Mapping):
        raise TypeError(f"rate_limits must be a mapping or None, not {type(rate_limits).__name__}")
    rows = []
    for command, given in rate_limits.items():
        # A number alone is a limit for X's own window.
        daily = command in ("user_24h", "app_24h")
        rule = (given, 86_400 if daily else 900) if isinstance(given, int) and not isinstance(given, bool) else given
        if not isinstance(rule, (tuple, list)):
            raise TypeError(f"rate_limits[{command!r}] must be (limit, seconds), not {type(rule).__name__}")
        if len(rule) != 2:
            raise InvalidInputError(f"rate_limits[{command!r}] must be (limit, seconds)")
        limit = checked_int("a limit", rule[0])
        rows.append((command if daily else checked_command(command), limit, checked_seconds("a window", rule[1])))
    return rows


def step_rows(processing: object) -> list[tuple[str, str | None, float]]:
    if processing is None:
        return []
    steps = checked_items("processing", processing)
    if not steps:
        raise InvalidInputError("processing must name at least one state, or be None")
    return [_step_row(step) for step in steps]


def _step_row(step: object) -> tuple[str, str | None, float]:
    if isinstance(step, str):
        return (checked_state(step), None, 0)
    if isinstance(step, Mapping):
        info = dict(step)
    elif isinstance(step, ProcessingInfo):
        info = _given(step, ("state", "check_after_secs", "progress_percent"))
        if step.error is not None:
            info["error"] = _given(step.error, ("code", "name", "message"))
    else:
        raise TypeError(f"an element of processing must be str, ProcessingInfo or dict, not {type(step).__name__}")
    try:
        text = json.dumps(info)
    except ValueError as error:
        raise InvalidInputError(f"an element of processing cannot be written as JSON: {error}") from None
    return (str(info.get("state", "")), text, _wait(info.get("check_after_secs")))


def checked_state(state: str) -> str:
    """Return a state that X has; others need a `ProcessingInfo` around them, so that a slip does not pass for one."""
    if state in STATES:
        return str(state)
    near = difflib.get_close_matches(state, STATES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise InvalidInputError(
        f"processing: {state!r} is not a state that X has{hint} The states are {', '.join(STATES)}; to send another "
        f"one, write ProcessingInfo(state={state!r})"
    )


def _given(record: object, names: tuple[str, ...]) -> dict[str, object]:
    values = {name: getattr(record, name, None) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _wait(check_after_secs: object) -> float:
    """How long an answer holds that was given in a test's own words: what is not a sensible number means no time."""
    try:
        wait = float(check_after_secs)  # type: ignore[arg-type]  # the next line catches what has no float
    except (TypeError, ValueError, OverflowError):
        return 0
    return wait if 0 < wait < 1e9 else 0
