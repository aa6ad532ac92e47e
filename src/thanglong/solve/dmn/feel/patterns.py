"""Regular expressions as XPath writes them (functions and operators 3.1, chapter 5.6), run by the ``regex`` package.

The patterns are checked and translated: character-class subtraction, ``\\i`` and ``\\c``, blocks by their names, the
meanings of ``.``, ``^`` and ``$``, references only to groups already closed. Everything Python adds is refused. A time
limit ends patterns that would run for ages."""

from functools import lru_cache
from typing import Any

import regex

from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import Value

LIMIT = 1.0
"""Seconds one search may take."""
_NAME_START = r":A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D"
_NAME_START += r"\u2070-\u218F"
_NAME_START += r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
_NAME = _NAME_START + r"\-.0-9\u00B7\u0300-\u036F\u203F-\u2040"
_CLASSES = {
    "i": f"[{_NAME_START}]",
    "I": f"[^{_NAME_START}]",
    "c": f"[{_NAME}]",
    "C": f"[^{_NAME}]",
    "s": r"[ \t\n\r]",
    "S": r"[^ \t\n\r]",
    "w": r"[^\p{P}\p{Z}\p{C}]",
    "W": r"[\p{P}\p{Z}\p{C}]",
    "d": r"\p{Nd}",
    "D": r"\P{Nd}",
}
_ESCAPED = frozenset("nrt\\|.?*+(){}-[]^$")
_GENERAL = r"L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|Z[slp]?|S[mcko]?|C[cfon]?"
_PROPERTY = regex.compile(rf"\{{(?:(Is[A-Za-z0-9\-]+)|({_GENERAL}))\}}")
_COUNT = regex.compile(r"\{[0-9]{1,4}(?:,[0-9]{0,4})?\}")


class PatternFault(ValueError):
    """A pattern, its flags or its replacement that XPath does not allow."""


@lru_cache(maxsize=512)
def compiled(pattern: str, flags: str) -> Any:
    """The compiled pattern.

    :raises PatternFault: it is not an XPath regular expression.
    """
    if not set(flags) <= set("smixq"):
        raise PatternFault("unknown flag")
    options = regex.V1 | (regex.IGNORECASE if "i" in flags else 0)
    try:
        if "q" in flags:
            return regex.compile(regex.escape(pattern), options)
        return regex.compile(_Translator(pattern, flags).translate(), options)
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise PatternFault(str(error)) from None


class _Translator:
    """One pattern on its way into the syntax of the ``regex`` package."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.text = pattern
        self.flags = flags
        self.at = 0
        self.opened = 0
        self.open: list[int] = []
        self.closed: set[int] = set()

    def translate(self) -> str:
        if "x" in self.flags:
            self.text = _collapse(self.text)
        made: list[str] = []
        quantified = True
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in "*+?{":
                made.append(self._quantifier(quantified))
                quantified = True
                continue
            quantified = char in "(|"
            made.append(self._atom(char))
        if self.open:
            raise PatternFault("a bracket is not closed")
        return "".join(made)

    def _quantifier(self, already: bool) -> str:
        if already:
            raise PatternFault("nothing to repeat")
        found = _COUNT.match(self.text, self.at)
        mark = found[0] if found else self.text[self.at]
        if mark == "{":
            raise PatternFault("not a quantity")
        self.at += len(mark)
        if self.text.startswith("?", self.at):
            self.at += 1
            mark += "?"
        return mark

    def _atom(self, char: str) -> str:
        if char == "\\":
            return self._escape(False)
        if char == "[":
            return self._set()
        self.at += 1
        if char == "(":
            return self._group()
        if char == ")":
            if not self.open:
                raise PatternFault("a bracket is not opened")
            number = self.open.pop()
            if number:
                self.closed.add(number)
            return ")"
        if char == ".":
            return "(?s:.)" if "s" in self.flags else r"[^\n\r]"
        if char == "^":
            return r"(?m:^)" if "m" in self.flags else r"\A"
        if char == "$":
            return r"(?m:$)" if "m" in self.flags else r"\Z"
        if char in "]}":
            raise PatternFault("a bracket is not opened")
        return char if char == "|" else regex.escape(char)

    def _group(self) -> str:
        if self.text.startswith("?", self.at):
            if not self.text.startswith("?:", self.at):
                raise PatternFault("only (?: is allowed")
            self.at += 2
            self.open.append(0)
            return "(?:"
        self.opened += 1
        self.open.append(self.opened)
        return "("

    def _escape(self, inside: bool) -> str:
        self.at += 1
        char = self.text[self.at : self.at + 1]
        if char.isdigit() and char.isascii():
            return self._reference(inside)
        self.at += 1
        if char in _CLASSES and char:
            return _CLASSES[char]
        if char in ("p", "P"):
            found = _PROPERTY.match(self.text, self.at)
            if not found:
                raise PatternFault("not a property")
            self.at = found.end()
            return f"\\{char}{{In_{found[1][2:]}}}" if found[1] else f"\\{char}{{{found[2]}}}"
        if char not in _ESCAPED or not char:
            raise PatternFault("not an escape")
        return "\\" + char

    def _reference(self, inside: bool) -> str:
        number = int(self.text[self.at])
        if inside or number not in self.closed:
            raise PatternFault("a reference to a group that is not closed")
        self.at += 1
        while self.text[self.at : self.at + 1].isdigit() and number * 10 + int(self.text[self.at]) in self.closed:
            number = number * 10 + int(self.text[self.at])
            self.at += 1
        return f"(?:\\{number})"

    def _set(self, depth: int = 0) -> str:
        """A character class, with subtraction ``[a-z-[aeiou]]``."""
        if depth > 20:
            raise PatternFault("classes are nested too deeply")
        self.at += 1
        made = ["["]
        if self.text.startswith("^", self.at):
            self.at += 1
            made.append("^")
        first = True
        while True:
            char = self.text[self.at : self.at + 1]
            if not char:
                raise PatternFault("a class is not closed")
            if char == "]" and not first:
                self.at += 1
                return "".join(made) + "]"
            if char == "-" and self.text.startswith("-[", self.at) and not first:
                return self._subtract("".join(made), depth)
            made.append(self._member(char))
            first = False

    def _subtract(self, made: str, depth: int) -> str:
        self.at += 1
        inner = self._set(depth + 1)
        if not self.text.startswith("]", self.at):
            raise PatternFault("a subtraction must end its class")
        self.at += 1
        body = f"[{made[1:]}]"
        return f"[{body}--{inner}]"

    def _member(self, char: str) -> str:
        if char == "\\":
            return self._escape(True)
        if char in "[]":
            raise PatternFault("a bracket inside a class must be escaped")
        self.at += 1
        if char == "-":
            edge = self.text[self.at : self.at + 1] == "]" or self.text[self.at - 2] in "[^"
            return "\\-" if edge else "-"
        return regex.escape(char, special_only=False) if not char.isalnum() else char


def _collapse(pattern: str) -> str:
    """A pattern under the x flag: blanks go, except inside character classes."""
    made: list[str] = []
    depth = 0
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern) and pattern[at + 1] not in " \t\n\r":
            made.append(pattern[at : at + 2])
            at += 2
            continue
        depth += (char == "[") - (char == "]" and depth > 0)
        if depth or char not in " \t\n\r":
            made.append(char)
        at += 1
    return "".join(made)


def _guard(run: Run, name: str, pattern: str, flags: str) -> Any:
    try:
        return compiled(pattern, flags)
    except PatternFault as fault:
        return run.null("argument", "The pattern or its flags are not allowed", name, pattern[:40], str(fault))


def matches(run: Run, text: str, pattern: str, flags: str) -> Value:
    """Whether the pattern is found anywhere in the text."""
    found = _guard(run, "matches", pattern, flags)
    if found is None:
        return None
    run.spend(1 + (len(text) >> 4))
    try:
        return found.search(text, timeout=LIMIT) is not None
    except TimeoutError:
        return run.null("budget", "The pattern takes too long on this text", "matches", pattern[:40])


def replace(run: Run, text: str, pattern: str, replacement: str, flags: str) -> Value:
    """The text with every match replaced; ``$1`` is a group."""
    found = _guard(run, "replace", pattern, flags)
    if found is None:
        return None
    run.spend(1 + (len(text) >> 4))
    try:
        if found.search("", timeout=LIMIT) is not None:
            return run.null("argument", "The pattern matches the empty string", "replace", pattern[:40])
        parts: list[str | int] = [replacement] if "q" in flags else _pieces(replacement, found.groups)
        made = found.sub(lambda hit: _fill(run, parts, hit), text, timeout=LIMIT)
    except TimeoutError:
        return run.null("budget", "The pattern takes too long on this text", "replace", pattern[:40])
    except PatternFault:
        return run.null("argument", "The replacement is not allowed", "replace", replacement[:40])
    run.text(len(made))
    return made


def _fill(run: Run, parts: list[str | int], hit: Any) -> str:
    made = "".join(part if isinstance(part, str) else (hit[part] or "") for part in parts)
    run.text(len(made))
    return made


def _pieces(replacement: str, groups: int) -> list[str | int]:
    parts: list[str | int] = []
    at = 0
    while at < len(replacement):
        char = replacement[at]
        following = replacement[at + 1 : at + 2]
        at += 1
        if char == "\\":
            if following not in ("\\", "$") or not following:
                raise PatternFault("a backslash must be doubled")
            parts.append(following)
            at += 1
        elif char == "$":
            if not (following.isdigit() and following.isascii()):
                raise PatternFault("a dollar sign must be escaped")
            number = int(following)
            at += 1
            while replacement[at : at + 1].isdigit() and number * 10 + int(replacement[at]) <= groups:
                number = number * 10 + int(replacement[at])
                at += 1
            parts.append(number if number <= groups else "")
        else:
            parts.append(char)
    return parts


def split(run: Run, text: str, pattern: str) -> Value:
    """The parts of the text between matches."""
    found = _guard(run, "split", pattern, "")
    if found is None:
        return None
    run.spend(1 + (len(text) >> 4))
    try:
        parts: list[str] = []
        at = 0
        for hit in found.finditer(text, timeout=LIMIT):
            if hit.end() == hit.start():
                continue
            parts.append(text[at : hit.start()])
            at = hit.end()
    except TimeoutError:
        return run.null("budget", "The pattern takes too long on this text", "split", pattern[:40])
    run.room(len(parts) + 1)
    return [*parts, text[at:]]
