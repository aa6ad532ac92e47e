"""The name this broker is known by among brokers: ``contextSourceAlias``, and what it writes into Via headers."""

import hashlib
from functools import lru_cache

from thanglong.formats.ngsild.sources import via
from thanglong.kit import ids, ports


@lru_cache(maxsize=1)
def _own() -> str:
    """One word per data folder, made on first use and kept there."""
    path = ports.plugged.data / "broker-name"
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        name = f"thanglong-{ids.new_id().hex[-12:]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        # on a full disk an empty file would be left behind, and read as the name from then on
        unfinished = path.with_suffix(".new")
        unfinished.write_text(name, "ascii")
        unfinished.replace(path)
    return name


@lru_cache(maxsize=1024)
def alias(tenant: str = "") -> str:
    """The pseudonym of a tenant of this broker: one word that may stand in a Via header (RFC 7230)."""
    if not tenant:
        return _own()
    return f"{_own()}~{hashlib.sha256(tenant.encode()).hexdigest()[:12]}"


def loops(tenant: str, text: str) -> bool:
    """Whether a request with this Via header came through here before."""
    return alias(tenant) in via(text)
