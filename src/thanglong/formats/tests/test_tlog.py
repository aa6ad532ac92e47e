import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from thanglong.formats import tlog


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ((0, 0), "tile/0/000"),
        ((0, 1234067), "tile/0/x001/x234/067"),
        ((2, 999), "tile/2/999"),
        ((2, 1000, 3), "tile/2/x001/000.p/3"),
        (("entries", 5, 255), "tile/entries/005.p/255"),
    ],
)
def test_where_tiles_stand(arguments: tuple[int, ...], path: str) -> None:
    assert tlog.path(*arguments) == path


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(0, 20))
def test_bundles(entries: list[bytes], count: int) -> None:
    data = tlog.bundle(entries)
    assert list(tlog.unbundle(data)) == entries
    assert list(tlog.unbundle(tlog.first(data, min(count, len(entries))))) == entries[:count]


def test_what_is_no_bundle() -> None:
    for wrong in (b"\x00", b"\x00\x05abc"):
        with pytest.raises(ValueError, match="cut off"):
            list(tlog.unbundle(wrong))
    with pytest.raises(ValueError, match="does not fit"):
        tlog.bundle([b"x" * 65_536])


def test_notes_and_checkpoints_come_back_as_they_were() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public = key.public_key().public_bytes_raw()
    text = tlog.checkpoint_text("example.com/log", 7, b"\x01" * 32, "extra")
    note = tlog.Note(text, (("example.com/log", tlog.key_hash("example.com/log", public), key.sign(text)),))
    again = tlog.parse_note(note.encode())
    assert again == note
    assert again.signature("example.com/log", public) == key.sign(text)
    assert again.signature("example.com/other", public) is None
    assert tlog.parse_checkpoint(again.text) == tlog.Checkpoint("example.com/log", 7, b"\x01" * 32, ("extra",))
    assert tlog.verifier_key("example.com/log", public).split("+")[1] == tlog.key_hash("example.com/log", public).hex()


@pytest.mark.parametrize(
    "wrong", [b"", b"a\n7\n", b"a\n07\nAAAA\n", b"a\n7\nAAAA\n", b"\n\n\xe2\x80\x94 x y\n", b"a\n\nb\n"]
)
def test_what_is_no_checkpoint(wrong: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        tlog.parse_checkpoint(tlog.parse_note(wrong).text)
    with pytest.raises(ValueError):  # noqa: PT011
        tlog.parse_checkpoint(wrong)


def test_sizes() -> None:
    assert tlog.widths(600, 0) == (2, 88)
    assert tlog.widths(600, 1) == (0, 2)
    assert [tlog.levels(size) for size in (0, 1, 255, 256, 65_535, 65_536)] == [0, 1, 1, 2, 2, 3]
