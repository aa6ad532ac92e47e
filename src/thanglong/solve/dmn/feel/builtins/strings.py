"""Functions on strings. Positions count code points from 1."""

from decimal import Decimal

from thanglong.solve.dmn.feel import patterns
from thanglong.solve.dmn.feel.builtins.base import as_list, built_in, whole_number, wrong
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import Value


def _texts(run: Run, name: str, *values: Value) -> bool:
    for value in values:
        if type(value) is not str:
            wrong(run, name, value, "string")
            return False
    return True


@built_in("substring", "string, start position, length?")
def substring(run: Run, text: Value, start: Value, length: Value = None) -> Value:
    place = whole_number(start)
    if not _texts(run, "substring", text) or place is None:
        return None if type(text) is not str else wrong(run, "substring", start, "start position")
    if place == 0 or abs(place) > len(text):
        return run.null("argument", "The string has no such position", "substring", str(place), str(len(text)))
    first = place - 1 if place > 0 else len(text) + place
    if length is None:
        return text[first:]
    count = whole_number(length)
    if count is None:
        return wrong(run, "substring", length, "length")
    if count < 1:
        return run.null("argument", "The length must be at least 1", "substring", str(count))
    return text[first : first + count]


@built_in("string length", "string")
def string_length(run: Run, text: Value) -> Value:
    return Decimal(len(text)) if type(text) is str else wrong(run, "string length", text, "string")


@built_in("upper case", "string")
def upper_case(run: Run, text: Value) -> Value:
    return text.upper() if type(text) is str else wrong(run, "upper case", text, "string")


@built_in("lower case", "string")
def lower_case(run: Run, text: Value) -> Value:
    return text.lower() if type(text) is str else wrong(run, "lower case", text, "string")


@built_in("substring before", "string, match")
def substring_before(run: Run, text: Value, match: Value) -> Value:
    if not _texts(run, "substring before", text, match):
        return None
    before, found, _ = text.partition(match) if match else ("", "", "")
    return before if found else ""


@built_in("substring after", "string, match")
def substring_after(run: Run, text: Value, match: Value) -> Value:
    if not _texts(run, "substring after", text, match):
        return None
    return text.partition(match)[2] if match else text


@built_in("contains", "string, match")
def contains(run: Run, text: Value, match: Value) -> Value:
    return match in text if _texts(run, "contains", text, match) else None


@built_in("starts with", "string, match")
def starts_with(run: Run, text: Value, match: Value) -> Value:
    return text.startswith(match) if _texts(run, "starts with", text, match) else None


@built_in("ends with", "string, match")
def ends_with(run: Run, text: Value, match: Value) -> Value:
    return text.endswith(match) if _texts(run, "ends with", text, match) else None


@built_in("matches", "input, pattern, flags?")
def matches(run: Run, text: Value, pattern: Value, flags: Value = None) -> Value:
    if not _texts(run, "matches", text, pattern, "" if flags is None else flags):
        return None
    return patterns.matches(run, text, pattern, flags or "")


@built_in("replace", "input, pattern, replacement, flags?")
def replace(run: Run, text: Value, pattern: Value, replacement: Value, flags: Value = None) -> Value:
    if not _texts(run, "replace", text, pattern, replacement, "" if flags is None else flags):
        return None
    return patterns.replace(run, text, pattern, replacement, flags or "")


@built_in("split", "string, delimiter")
def split(run: Run, text: Value, delimiter: Value) -> Value:
    if not _texts(run, "split", text, delimiter):
        return None
    return patterns.split(run, text, delimiter)


@built_in("string join", "list, delimiter?")
def string_join(run: Run, items: Value, delimiter: Value = None) -> Value:
    if items is None:
        return wrong(run, "string join", items, "list")
    texts = [item for item in as_list(items) if item is not None]
    if not _texts(run, "string join", *texts, "" if delimiter is None else delimiter):
        return None
    run.text(sum(map(len, texts)) + len(delimiter or "") * len(texts))
    return (delimiter or "").join(texts)
