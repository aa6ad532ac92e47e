"""How many reports may come from one connection: enough for a street behind one address, too few for a machine.

Who is refused keeps the draft and reads when to try again; the number 1022 stays open. Only a keyed digest of the
address is kept, for a day. Officers, machine clients and the installation itself (loopback) are not counted.
"""

from datetime import timedelta
from ipaddress import ip_address

from django.utils.crypto import salted_hmac

from thanglong.domains.requests.repository import sendings
from thanglong.kit import clock, peers
from thanglong.kit.errors import N_, TooMany
from thanglong.kit.ports import Actor

SHORT, SHORT_MOST = timedelta(minutes=10), 60
DAY, DAY_MOST = timedelta(days=1), 600


def mark_of(actor: Actor, client: str) -> str:
    """The digest under which a sender is counted; empty for those who are not."""
    if not client or actor.kind != "citizen":
        return ""
    try:
        if ip_address(client).is_loopback:
            return ""
    except ValueError:
        pass
    return salted_hmac("requests.sender", peers.counted(client), algorithm="sha256").hexdigest()


def check(mark: str) -> None:
    """Raises TooMany, with the minutes to wait, when this sender has sent too many reports."""
    now = clock.now()
    for span, most in ((SHORT, SHORT_MOST), (DAY, DAY_MOST)):
        if mark and (free := sendings.nth_newest(mark, now - span, most)) is not None:
            minutes = max(1, -int(-(free + span - now).total_seconds() // 60))
            raise TooMany(
                N_(
                    "Very many reports came from your connection. Your draft is kept: please send it again in "
                    "%(minutes)s minutes. In danger call 114 or 115; for all else 1022."
                ),
                minutes=minutes,
            )


def count(mark: str) -> None:
    """Count one report that was opened."""
    if mark:
        sendings.insert(mark, clock.now())
