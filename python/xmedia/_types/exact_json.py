"""JSON with exact numbers: 20 digits, 30 decimals and `1e400` are kept, and written again, as they came."""

import json
import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation


def loads(text: str) -> object:
    """Parse JSON; raises ValueError or RecursionError.

    An integer is an int of any size. A number with a fraction or an exponent is a float where the
    float says exactly the same, and a `Decimal` otherwise.
    """
    try:
        return _QUICK.decode(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # Python refuses to convert integers of more than 4300 digits. A Decimal holds them.
        return _THOROUGH.decode(text)


def loads_first(text: str) -> object:
    """Parse the JSON value at the text's very beginning, as `loads` does but in half of its time."""
    try:
        return _scan(text, 0)[0]
    except (StopIteration, ValueError):
        return loads(text)


def dumps(value: object) -> str:
    """Write JSON that `loads` reads back as an equal value; raises TypeError for what JSON does not have."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(dumps, value)) + "]"
    if isinstance(value, Decimal) and value.is_finite():
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no infinity, but a number beyond every float is one for whoever reads it.
        return "null" if math.isnan(value) else "1e999" if value > 0 else "-1e999"
    return json.dumps(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a JSON object's keys must be str, not {type(key).__name__}")
    return json.dumps(key)


def _exact_fraction(text: str) -> float | Decimal:
    number = float(text)
    try:
        exact = Decimal(text)
    except InvalidOperation:
        # The exponent itself has some twenty digits: infinity, or 0, is the nearest there is.
        return number
    return number if math.isfinite(number) and Decimal(repr(number)) == exact else exact


def _exact_integer(text: str) -> int | Decimal:
    try:
        return int(text)
    except ValueError:
        return Decimal(text)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


# `json.loads` would build a decoder for every call that names a hook.
_QUICK = json.JSONDecoder(parse_float=_exact_fraction, parse_constant=_no_constant)
# What `raw_decode` calls, without the frames around it.
_scan: Callable[[str, int], tuple[object, int]] = _QUICK.scan_once  # type: ignore[attr-defined]
_THOROUGH = json.JSONDecoder(parse_float=_exact_fraction, parse_int=_exact_integer, parse_constant=_no_constant)
