"""Interned names of types, attributes, tenants and data sets, cached for ever: a name's number never changes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Rows = Callable[[str, Sequence[Any]], list[Any]]


class Names:
    """The cache of one store, shared by its threads."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {"": 0}
        self._texts: dict[int, str] = {0: ""}

    def id(self, rows: Rows, text: str) -> int | None:
        """The number of a name, or None when it was never written."""
        found = self._ids.get(text)
        if found is None:
            for (number,) in rows("SELECT id FROM name WHERE text = ?", (text,)):
                found = self._ids[text] = int(number)
        return found

    def text(self, rows: Rows, number: int) -> str:
        """The name of a number."""
        found = self._texts.get(number)
        if found is None:
            found = self._texts[number] = str(rows("SELECT text FROM name WHERE id = ?", (number,))[0][0])
        return found

    def enter(self, rows: Rows, texts: Iterable[str], new: list[str]) -> None:
        """Number all names, within a write transaction; those made now are added to ``new``."""
        for text in texts:
            if self.id(rows, text) is None:
                self._ids[text] = int(rows("INSERT INTO name(text) VALUES (?) RETURNING id", (text,))[0][0])
                new.append(text)

    def forget(self, texts: Iterable[str]) -> None:
        """Drop names whose transaction was rolled back."""
        for text in texts:
            self._ids.pop(text, None)

    @property
    def known(self) -> Mapping[str, int]:
        """The numbers of all names met so far."""
        return self._ids

    def __getitem__(self, text: str) -> int:
        return self._ids[text]
