"""From which address somebody asks, when proxies stand between; used for limits and for lists of signed-in browsers.

A forwarding header is believed only from whoever may write one: our own front process, which reaches ``web`` over a
Unix socket (a connection without an address), and the proxies named in the settings. All others are who they seem.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Networks = Sequence[IPv4Network | IPv6Network]
COUNTED_V6 = 64
"""Bits of an IPv6 address that one subscriber is given: limits count these, or a single line would have 2^64 tries."""
_trusted: Networks = ()


def networks(text: str) -> Networks:
    """Addresses or networks from a comma-separated list; ValueError for anything else."""
    return tuple(ip_network(item.strip(), strict=False) for item in text.split(",") if item.strip())


def trust(text: str) -> None:
    """Believe forwarding headers of these proxies (a comma-separated list) from now on in this process."""
    global _trusted
    _trusted = networks(text)


def trusted(address: str, among: Networks) -> bool:
    """Whether an address is one of these proxies."""
    plain = _plain(address)
    return bool(plain) and any(ip_address(plain) in network for network in among)


def behind(direct: str, forwarded: str, among: Networks) -> str:
    """The last address in a forwarding header that is none of the proxies ``among``; ``direct`` when there is none.

    Read from the right: what stands left of it was written by strangers.
    """
    for hop in reversed(forwarded.split(",")):
        plain = _plain(hop)
        if not plain:
            return direct
        if not trusted(plain, among):
            return plain
    return direct


def client(meta: Mapping[str, object]) -> str:
    """The asker's address of a WSGI request (its environment); empty when nothing is known."""
    direct, forwarded = _text(meta, "REMOTE_ADDR"), _text(meta, "HTTP_X_FORWARDED_FOR")
    if not direct:
        return _plain(forwarded.rpartition(",")[2])  # our own front process, which has read the header already
    if trusted(direct, _trusted):
        return behind(direct, forwarded, _trusted)
    return _plain(direct) or direct


def counted(address: str) -> str:
    """Under which text an address is counted: itself, or the network of one subscriber for IPv6."""
    plain = _plain(address)
    if not plain or ip_address(plain).version == 4:
        return plain or address
    return str(ip_network(f"{plain}/{COUNTED_V6}", strict=False))


def _text(meta: Mapping[str, object], name: str) -> str:
    return str(meta.get(name) or "")


def _plain(text: str) -> str:
    """An address in its shortest form, an IPv4 address in IPv6 dress without it; empty when it is none."""
    try:
        found = ip_address(text.strip())
    except ValueError:
        return ""
    inside = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(inside or found)
