"""Who is believed about the address of somebody who asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.kit import peers

PROXIES = "10.0.0.0/8, 2001:db8:1::/48"


@pytest.fixture(autouse=True)
def restore():  # type: ignore[no-untyped-def]
    yield
    peers.trust("")


@pytest.mark.parametrize(
    ("direct", "forwarded", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "6.6.6.6", "203.0.113.9"),  # a stranger's claim
        ("127.0.0.1", "6.6.6.6", "127.0.0.1"),  # so is one of this machine, unless it is named
        ("10.1.2.3", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("10.1.2.3", "6.6.6.6, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.1.2.3", "10.9.9.9", "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("10.1.2.3", "6.6.6.6, unknown", "10.1.2.3"),  # what a proxy writes that is no address is not guessed at
        ("::ffff:10.1.2.3", "2001:db8:2::1", "2001:db8:2::1"),
        ("", "198.51.100.7", "198.51.100.7"),  # our own front process
        ("", "<script>", ""),
        ("", "", ""),
    ],
)
def test_who_asks(direct: str, forwarded: str, expected: str) -> None:
    peers.trust(PROXIES)
    assert peers.client({"REMOTE_ADDR": direct, "HTTP_X_FORWARDED_FOR": forwarded}) == expected


def test_nobody_is_trusted_unless_named() -> None:
    assert peers.client({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "6.6.6.6"}) == "127.0.0.1"
    with pytest.raises(ValueError, match="nginx"):
        peers.trust("nginx")


@given(st.text(max_size=60), st.ip_addresses(v=4))
def test_what_a_stranger_writes_changes_nothing(claim: str, address: object) -> None:
    peers.trust("192.0.2.1")
    if str(address) != "192.0.2.1":
        assert peers.client({"REMOTE_ADDR": str(address), "HTTP_X_FORWARDED_FOR": claim}) == str(address)
    # and through the proxy, only what the proxy itself appended counts
    through = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": f"{claim},{address}"}
    assert str(address) == "192.0.2.1" or peers.client(through) == str(address)


def test_one_subscriber_is_counted_once() -> None:
    assert peers.counted("2001:db8::1") == peers.counted("2001:db8::ffff:1") == "2001:db8::/64"
    assert peers.counted("198.51.100.7") == peers.counted("::ffff:198.51.100.7") == "198.51.100.7"
    assert peers.counted("testserver") == "testserver"
