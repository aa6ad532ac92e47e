"""Canonical JSON (RFC 8785): one spelling for one value, so that equal values have equal digests.

The common case (text, whole numbers, booleans, null, lists, objects with ASCII keys) is written by orjson with sorted
keys; numbers with a fraction and keys beyond ASCII take a slower way that follows ECMAScript's number format and the
UTF-16 order of keys.
"""

import hashlib
import math
from typing import Any

import orjson

MAX_INT = 2**53 - 1


class NotCanonical(ValueError):
    """The value has no canonical JSON; the text says where and why."""


def canonical(value: Any, *, wide: bool = True) -> bytes:
    """The UTF-8 bytes of ``value`` in RFC 8785 form.

    Takes None, bool, int (|n| < 2**53), finite float, str, list, tuple and dict with str keys; NotCanonical otherwise.
    Without ``wide`` whole floats from 2**53 on are refused too: RFC 8785 writes 1e20 as 100000000000000000000, and who
    reads that as a whole number of any size cannot hash it again.
    """
    try:
        plain = _plain(value)
        if plain:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        if plain is None:
            _explain(value, "")
        if not wide:
            _refuse_wide(value, "")
        return b"".join(_write(value))
    except (orjson.JSONEncodeError, UnicodeEncodeError) as error:
        raise NotCanonical(f"text that is no valid Unicode: {error}") from None
    except RecursionError:
        raise NotCanonical("nested too deep") from None


def digest(value: Any) -> str:
    """Hex SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _plain(value: Any) -> bool | None:
    """Whether orjson's own output is canonical for this value; None when nothing is."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return True if -MAX_INT <= value <= MAX_INT else None
    if kind is dict:
        plain = True
        for key, item in value.items():
            if type(key) is not str:
                return None
            kind = type(item)
            if kind is int:
                if not -MAX_INT <= item <= MAX_INT:
                    return None
            elif kind is not str and (inner := _plain(item)) is not True:
                if inner is None:
                    return None
                plain = False
            if not key.isascii():
                plain = False
        return plain
    if kind is list or kind is tuple:
        found = [_plain(item) for item in value]
        return None if None in found else all(found)
    return False if kind is float and math.isfinite(value) else None


def _explain(value: Any, where: str) -> None:
    """Raise NotCanonical with the place of what has no canonical form; nothing when there is none."""
    kind, here = type(value), where or "value"
    if kind is int and not -MAX_INT <= value <= MAX_INT:
        raise NotCanonical(f"{here}: whole number beyond 2**53 - 1; write it as text")
    if kind is float and not math.isfinite(value):
        raise NotCanonical(f"{here}: {value} is no JSON number")
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise NotCanonical(f"{here}: key {key!r} is not text")
            _explain(item, f"{where}/{key}")
    elif kind is list or kind is tuple:
        for position, item in enumerate(value):
            _explain(item, f"{where}/{position}")
    elif kind not in (int, float, str, bool, type(None)):
        raise NotCanonical(f"{here}: {kind.__name__} has no JSON form")


def _refuse_wide(value: Any, where: str) -> None:
    kind = type(value)
    if kind is float and MAX_INT < abs(value) < 1e21:
        raise NotCanonical(f"{where or 'value'}: {value!r} is a whole number beyond 2**53 - 1; write it as text")
    if kind is dict:
        for key, item in value.items():
            _refuse_wide(item, f"{where}/{key}")
    elif kind is list or kind is tuple:
        for position, item in enumerate(value):
            _refuse_wide(item, f"{where}/{position}")


def _write(value: Any) -> list[bytes]:
    kind = type(value)
    if kind is float:
        return [number(value).encode()]
    if kind is dict:
        parts = [b"{"]
        for position, key in enumerate(sorted(value, key=lambda text: text.encode("utf-16-be"))):
            parts += [b"," if position else b"", orjson.dumps(key), b":", *_write(value[key])]
        return [*parts, b"}"]
    if kind is list or kind is tuple:
        parts = [b"["]
        for position, item in enumerate(value):
            parts += [b"," if position else b"", *_write(item)]
        return [*parts, b"]"]
    return [orjson.dumps(value)]


def number(value: float) -> str:
    """A finite float as ECMAScript writes it (``Number::toString``, the form RFC 8785 prescribes)."""
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + ("" if fraction == "0" else fraction)).lstrip("0")
    # the value is 0.DIGITS times ten to the power of `point`
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len((whole + fraction).lstrip("0")))
    digits = digits.rstrip("0")
    sign = "-" if value < 0 else ""
    size = len(digits)
    if size <= point <= 21:
        return sign + digits + "0" * (point - size)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    tail = f".{digits[1:]}" if size > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"
