"""The scanner under the parser: blanks, comments, numbers, strings, signs and words, on demand at a position."""

from decimal import Decimal

import regex

from thanglong.solve.dmn.feel.names import ANY_PIECE, PIECE, SPACE, START, WORD

LENGTH = 50_000
"""Longest expression accepted, in characters."""
_BLANK = regex.compile(rf"(?:[{SPACE}]+|//[^\n\r]*|/\*(?s:.*?)\*/)+")
_NUMBER = regex.compile(r"(?:[0-9]+(?:\.(?!\.)[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9}(?![0-9]))?")
_STRING = regex.compile(r'"((?:[^"\\]|\\(?s:.))*+)"')
_ESCAPE = regex.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", regex.S)
_DESCEND = regex.compile(rf"\.\.\.(?=[{SPACE}]*[{START}])")
_SIGNS = ("**", "<=", ">=", "!=", "..", "->")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}


class FeelFault(ValueError):
    """An expression that is not FEEL; ``position`` counts characters from 0."""

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(f"{reason} (at character {position + 1})")
        self.reason, self.position = reason, position


class Scanner:
    """A text and a position in it."""

    __slots__ = ("_sign", "_there", "_word", "at", "text")

    def __init__(self, text: str) -> None:
        if len(text) > LENGTH:
            raise FeelFault(f"an expression may have {LENGTH} characters")
        self.text = text
        self.at = 0
        self._there, self._sign, self._word = -1, "", ""
        self.blank()

    def blank(self) -> None:
        """Skips blanks and comments."""
        found = _BLANK.match(self.text, self.at)
        if found:
            self.at = found.end()

    def jump(self, position: int) -> None:
        """Goes to a position and skips blanks there."""
        self.at = position
        self.blank()

    def sign(self) -> str:
        """The sign at the position (without moving): one or two characters, or empty at the end or before a word."""
        if self._there != self.at:
            self._look()
        return self._sign

    def _look(self) -> None:
        """Remembers the sign and the word at the position: every level of the grammar asks for them."""
        text, at = self.text, self.at
        found = WORD.match(text, at)
        pair = text[at : at + 2]
        one = pair[:1]
        plain = found or not one or one.isdigit() or one == '"'
        self._sign = pair if pair in _SIGNS else "" if plain else one
        if pair == ".." and _DESCEND.match(text, at):
            self._sign = "..."
        self._word = found[0] if found else ""
        self._there = at

    def take(self, sign: str) -> bool:
        """Moves behind the sign if it stands here."""
        if self.sign() != sign:
            return False
        self.jump(self.at + len(sign))
        return True

    def need(self, sign: str) -> None:
        """Moves behind the sign, which must stand here."""
        if not self.take(sign):
            raise FeelFault(f"expected {sign!r}, found {self.rest()}", self.at)

    def word(self) -> str:
        """The word at the position (without moving), or empty."""
        if self._there != self.at:
            self._look()
        return self._word

    def take_word(self, word: str) -> bool:
        """Moves behind the word if exactly it stands here."""
        if self.word() != word:
            return False
        self.jump(self.at + len(word))
        return True

    def need_word(self, word: str) -> None:
        """Moves behind the word, which must stand here."""
        if not self.take_word(word):
            raise FeelFault(f"expected {word!r}, found {self.rest()}", self.at)

    def pieces(self, most: int, anything: bool = False) -> list[tuple[str, int]]:
        """Up to ``most`` pieces of a possible name from here on, each with the position behind it; ``anything``: also
        signs that FEEL does not allow in names, but models use."""
        found: list[tuple[str, int]] = []
        at = self.at
        one = ANY_PIECE if anything else PIECE
        while len(found) < most:
            piece = one.match(self.text, at)
            if not piece or self.text.startswith("..", at) or self.text.startswith("**", at):
                break
            found.append((piece[0], piece.end()))
            blank = _BLANK.match(self.text, piece.end())
            at = blank.end() if blank else piece.end()
        return found

    def number(self) -> Decimal | None:
        """The number at the position, moving behind it, or None."""
        found = _NUMBER.match(self.text, self.at)
        if not found:
            return None
        self.jump(found.end())
        return Decimal(found[0])

    def string(self) -> str | None:
        """The string literal at the position, moving behind it, or None."""
        if not self.text.startswith('"', self.at):
            return None
        found = _STRING.match(self.text, self.at)
        if not found:
            raise FeelFault("a string that does not end", self.at)
        self.jump(found.end())
        return unescape(found[1])

    def ended(self) -> bool:
        return self.at >= len(self.text)

    def rest(self) -> str:
        """What stands here, for a message."""
        return repr(self.text[self.at : self.at + 20]) if not self.ended() else "the end"


def unescape(body: str) -> str:
    """A string literal's value: the escapes of the specification's table 48; a pair of surrogates is one character."""
    if "\\" not in body:
        return body

    def one(found: regex.Match[str]) -> str:
        code = found[1] or found[2]
        if code:
            point = int(code, 16)
            return chr(point) if point <= 0x10FFFF else str(found[0])
        return _PLAIN.get(found[3], str(found[0]))

    return pair(str(_ESCAPE.sub(one, body)))


def pair(text: str) -> str:
    """Surrogate pairs joined; lone surrogates replaced."""
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
