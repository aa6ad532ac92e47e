"""Names with spaces and signs.

A FEEL name may hold blanks and the signs ``. / - ' + *``, so where a name ends depends on which names are in scope: the
longest one wins (specification 10.3.1.3). Names are compared in a canonical form that forgets blanks around signs.
"""

from collections.abc import Iterable, Mapping

import regex

START = r"?A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
START += r"\u2C00-\u2FEF"
START += r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
SPACE = r"\u0009-\u000D\u0020\u0085\u00A0\u1680\u180E\u2000-\u200B\u2028\u2029\u202F\u205F\u3000\uFEFF"
PART = START + r"0-9\u00B7\u0300-\u036F\u203F-\u2040"
PIECE = regex.compile(rf"[{PART}]+|[./\-'+*]")
"""One piece of a name: a word, or a sign."""
WORD = regex.compile(rf"[{START}][{PART}]*")
ANY_PIECE = regex.compile(rf"[{PART}]+|[^{SPACE}\"]")
"""A piece of a name that a model declares although FEEL would not allow it, such as a bracket."""
_ANY = regex.compile(rf"[{PART}]+|[^{SPACE}]")

_FORMS = ("if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "and", "or", "between")
KEYWORDS = frozenset((*_FORMS, "instance", "of", "function", "external", "true", "false", "null"))


def canonical(name: str) -> str:
    """The form in which names are compared: one blank between words, none around signs."""
    return join(_ANY.findall(name))


def join(pieces: Iterable[str]) -> str:
    """Pieces of a name in canonical form."""
    text = ""
    word = False
    for piece in pieces:
        is_word = piece[0] not in "./-'+*"
        text += f" {piece}" if is_word and word else piece
        word = is_word
    return text


class Scope:
    """The names that can be read at some place: its own, then those of the scopes around it."""

    __slots__ = ("known", "longest", "names", "parent", "types")

    def __init__(
        self,
        names: Iterable[str] = (),
        parent: "Scope | None" = None,
        known: Mapping[str, str] | None = None,
        types: Mapping[str, str] | None = None,
    ) -> None:
        self.names = {canonical(name): name for name in names}
        self.parent = parent
        inherited: Mapping[str, str] = parent.known if parent else {}
        self.known: Mapping[str, str] = known if known is not None else inherited
        self.types: Mapping[str, str] = types if types is not None else (parent.types if parent else {})
        own = max((len(_ANY.findall(name)) for name in self.names), default=1)
        if known:
            own = max(own, max(len(_ANY.findall(name)) for name in known))
        self.longest: int = max(own, parent.longest if parent else 1)

    def find(self, name: str) -> str | None:
        """The declared name with this canonical form, or None."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None
