"""One family of errors. Each says what is wrong and what to do, in words a translator can reach.

``text`` and ``hint`` are English message ids marked with :func:`N_`; the web frame translates them and fills in
``params``. ``code`` is stable and machine-readable; ``status`` is the HTTP status a surface answers with.
"""

import dataclasses
import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def N_(text: str) -> str:
    """Marks a message id for extraction without translating it here."""
    return text


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where (a field path, empty for the whole) and what, as a message id."""

    field: str
    text: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class ThangLongError(Exception):
    """Base of all errors the platform raises on purpose."""

    code = "error"
    status = 500
    text = N_("Something went wrong on our side. Nothing you sent was lost; please try again.")

    def __init__(self, text: str | None = None, /, *, hint: str = "", **params: Any) -> None:
        self.text = text or type(self).text
        self.hint = hint
        self.params = params
        super().__init__(self.text % params if params else self.text)


class NotFound(ThangLongError):
    """The object does not exist, or the asker may not know that it does: one answer for both."""

    code = "not_found"
    status = 404
    text = N_("We could not find this. Check the address or the number.")


class Denied(ThangLongError):
    code = "denied"
    status = 403
    text = N_("You may not do this with the role you hold. Ask the head of your unit.")


class NotSignedIn(Denied):
    code = "not_signed_in"
    status = 401
    text = N_("Please sign in first.")


class Invalid(ThangLongError):
    """The input has faults: all of them are listed at once."""

    code = "invalid"
    status = 400
    text = N_("Some entries need another look.")

    def __init__(self, faults: Sequence[Fault] | str = (), /, *, hint: str = "", **params: Any) -> None:
        if isinstance(faults, str):
            super().__init__(faults, hint=hint, **params)
            self.faults: tuple[Fault, ...] = (Fault("", faults, params),)
        else:
            super().__init__(hint=hint, **params)
            self.faults = tuple(faults)

    def __str__(self) -> str:
        return "; ".join(f"{fault.field}: {fault.text % dict(fault.params)}".lstrip(": ") for fault in self.faults)


class Conflict(ThangLongError):
    """Somebody else changed the object first, or it already exists."""

    code = "conflict"
    status = 409
    text = N_("Somebody changed this while you were looking at it. Look at the newest state and try again.")


class TooLarge(ThangLongError):
    code = "too_large"
    status = 413
    text = N_("This is too large.")


class TooMany(ThangLongError):
    code = "too_many"
    status = 429
    text = N_("Too many tries. Please wait a little and try again.")


class Unavailable(ThangLongError):
    code = "unavailable"
    status = 503
    text = N_("This part is not available right now. Please try again in a minute.")


class NoRoom(Unavailable):
    """The disk is full: nothing of the request was kept."""

    code = "no_room"
    status = 507
    text = N_("The disk is full, so nothing of this was kept. Make room on the server; then send it again.")


DISK_FULL = "53100"
"""What PostgreSQL calls it (SQLSTATE)."""


def no_room(error: BaseException) -> NoRoom | None:
    """The error as a full disk, when a database or a file failed for that reason."""
    number = error.errno if isinstance(error, OSError) else None
    told = getattr(error, "sqlstate", "") == DISK_FULL or "database or disk is full" in str(error)
    full = told or number in (errno.ENOSPC, errno.EDQUOT)
    return NoRoom() if full else None
