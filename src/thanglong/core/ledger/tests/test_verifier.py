"""A thousand seeded tamperings with a published ledger: each is found where it was done, and nothing else is."""

import hashlib
import json
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from thanglong.formats import jcs, tlog, tlog_verify
from thanglong.formats.tlog_verify import Fault, Head
from thanglong.solve import merkle

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PUBLIC = KEY.public_key().public_bytes_raw().hex()
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
T0 = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Log:
    """A year's published ledger in memory: entries, and the sizes at which a head was signed."""

    year: int
    entries: list[bytes]
    sizes: list[int]
    heads: list[Head] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"thanglong.ledger/0123abcd/{self.year}"

    def sign(self, size: int, at: int, key: Ed25519PrivateKey = KEY) -> Head:
        root = merkle.root(map(merkle.leaf_hash, self.entries[:size]))
        moment = (T0 + timedelta(seconds=at)).isoformat()
        text = tlog.checkpoint_text(self.origin, size, root, moment)
        return Head(self.origin, size, root.hex(), moment, key.sign(text).hex())

    def files(self, heads: list[Head] | None = None) -> dict[str, bytes]:
        """As the platform publishes them, with all tiles that belong to the entries."""
        if not self.heads:
            self.heads = [self.sign(size, at) for at, size in enumerate(self.sizes)]
        heads = self.heads if heads is None else heads
        made = {f"{self.year}/heads.jsonl": lines(heads)}
        size = len(self.entries)
        for at in range(0, size, 256):
            part = self.entries[at : at + 256]
            made[f"{self.year}/{tlog.path('entries', at // 256, len(part))}"] = tlog.bundle(part)
        row = [merkle.leaf_hash(entry) for entry in self.entries]
        for level in range(tlog.levels(size)):
            for at in range(0, len(row), 256):
                part = row[at : at + 256]
                made[f"{self.year}/{tlog.path(level, at // 256, len(part))}"] = b"".join(part)
            row = [merkle.root(row[at : at + 256]) for at in range(0, len(row) - 255, 256)]
        return made


def lines(heads: list[Head]) -> bytes:
    return "".join(json.dumps(head._asdict()) + "\n" for head in heads).encode()


def entry(number: int, **facts: object) -> bytes:
    at = (T0 + timedelta(seconds=number)).isoformat()
    return jcs.canonical({"at": at, "facts": {"n": number, **facts}, "id": number, "verb": "case.moved"})


def two_years() -> tuple[Log, Log]:
    first = Log(2026, [entry(n) for n in range(700)], [1, 40, 255, 256, 300, 511, 640, 700])
    first.files()
    last = first.heads[-1]
    opened = entry(700, previous={"origin": last.origin, "root": last.root, "size": last.size})
    value = json.loads(opened)
    value["facts"].pop("n")
    second = Log(2027, [jcs.canonical(value), *(entry(n) for n in range(701, 790))], [1, 30, 90])
    second.files()
    return first, second


FIRST, SECOND = two_years()
CLEAN = {**FIRST.files(), **SECOND.files()}
KEPT = [*FIRST.heads[::2], SECOND.heads[1]]


def faults(files: dict[str, bytes], kept: list[Head] = KEPT) -> list[Fault]:
    return tlog_verify.verify(files, PUBLIC, kept)[0]


def name_of(log: Log, level: int | str, place: int) -> str:
    size = len(log.entries)
    return f"{log.year}/{tlog.path(level, place // 256, min(256, size - place // 256 * 256))}"


def rewritten(log: Log, entries: list[bytes]) -> dict[str, bytes]:
    """The whole year with other entries and all hashes to match, under the heads as they were signed."""
    return {**CLEAN, **Log(log.year, entries, []).files(log.heads)} if entries else CLEAN


def batch(log: Log, place: int) -> tuple[int, int]:
    """The leaves under the same head as ``place``."""
    begin = max((size for size in log.sizes if size <= place), default=0)
    return begin, min(size for size in log.sizes if size > place) - 1


def bundle(log: Log, place: int, change: Callable[[list[bytes], int], None]) -> dict[str, bytes]:
    """The bundle that holds ``place``, with its list of entries changed."""
    name = name_of(log, "entries", place)
    items = list(tlog.unbundle(CLEAN[name]))
    change(items, place % 256)
    return {**CLEAN, name: tlog.bundle(items)}


Tampered = tuple[dict[str, bytes], list[Head], tuple[int, int, int, str]]


def edit(rng: random.Random, log: Log, place: int) -> Tampered:
    def change(items: list[bytes], at: int) -> None:
        text = bytearray(items[at])
        spot = rng.randrange(len(text))
        text[spot] ^= 1 << rng.randrange(8)
        items[at] = bytes(text)

    return bundle(log, place, change), KEPT, (log.year, place, place, "changed")


def backdate(rng: random.Random, log: Log, place: int) -> Tampered:
    def change(items: list[bytes], at: int) -> None:
        items[at] = items[at].replace(b"2026-03", b"2025-%02d" % rng.randrange(1, 12))

    return bundle(log, place, change), KEPT, (log.year, place, place, "changed")


def drop(rng: random.Random, log: Log, place: int) -> Tampered:
    return bundle(log, place, lambda items, at: items.__delitem__(at)), KEPT, (log.year, place, place, "missing")


def drop_and_close(rng: random.Random, log: Log, place: int) -> Tampered:
    """An entry is taken out and all behind it move up, over all bundles."""
    entries = [*log.entries[:place], *log.entries[place + 1 :]]
    files = Log(log.year, [*entries, entries[-1]], []).files(log.heads)
    bundles = {name: data for name, data in files.items() if "/entries/" in name}
    # the last place of a bundle holds the first entry of the next bundle now: exchanged, not left out
    kind = "changed" if place % 256 == 255 and place < len(entries) else "missing"
    return {**CLEAN, **bundles}, KEPT, (log.year, place, place, kind)


def insert(rng: random.Random, log: Log, place: int) -> Tampered:
    files = bundle(log, place, lambda items, at: items.insert(at, entry(10_000 + rng.randrange(1000))))
    return files, KEPT, (log.year, place, place, "added")


def last_of_bundle(log: Log, place: int) -> int:
    return min(place // 256 * 256 + 256, len(log.entries)) - 1


def drop_last(rng: random.Random, log: Log, place: int) -> Tampered:
    """The last entry of a bundle: what is left fills the hashes over all others."""
    return drop(rng, log, last_of_bundle(log, place))


def add_behind(rng: random.Random, log: Log, place: int) -> Tampered:
    """A bundle with an entry too many behind the last: a new one, or a copy of one that was sealed."""
    new = rng.choice([entry(10_000 + rng.randrange(1000)), log.entries[place]])
    last = last_of_bundle(log, place)
    files = bundle(log, place, lambda items, at: items.append(new))
    return files, KEPT, (log.year, last + 1, last + 1, "added")


def repeat(rng: random.Random, log: Log, place: int) -> Tampered:
    """An entry stands twice."""
    files = bundle(log, place, lambda items, at: items.insert(at, items[at]))
    return files, KEPT, (log.year, place + 1, place + 1, "added")


def swap_bundles(rng: random.Random, log: Log, place: int) -> Tampered:
    """Two whole bundles change places."""
    if log is SECOND:  # it has but one
        return swap(rng, log, place)
    one, other = (f"2026/{tlog.path('entries', at)}" for at in (0, 1))
    return {**CLEAN, one: CLEAN[other], other: CLEAN[one]}, KEPT, (2026, 0, 0, "changed")


def swap(rng: random.Random, log: Log, place: int) -> Tampered:
    width = min(256, len(log.entries) - place // 256 * 256)
    other = place // 256 * 256 + (place % 256 + rng.randrange(1, width)) % width

    def change(items: list[bytes], at: int) -> None:
        items[at], items[other % 256] = items[other % 256], items[at]

    low = min(place, other)
    return bundle(log, place, change), KEPT, (log.year, low, low, "moved")


def swap_far(rng: random.Random, log: Log, place: int) -> Tampered:
    other = (place + rng.randrange(1, len(log.entries))) % len(log.entries)
    entries = list(log.entries)
    entries[place], entries[other] = entries[other], entries[place]
    files = Log(log.year, entries, []).files(log.heads)
    low = min(place, other)
    kind = "moved" if place // 256 == other // 256 else "changed"
    return {**CLEAN, **{k: v for k, v in files.items() if "/entries/" in k}}, KEPT, (log.year, low, low, kind)


def spoil_tile(rng: random.Random, log: Log, place: int) -> Tampered:
    name = name_of(log, 0, place)
    data = bytearray(CLEAN[name])
    data[place % 256 * 32 + rng.randrange(32)] ^= 1 << rng.randrange(8)
    return {**CLEAN, name: bytes(data)}, KEPT, (log.year, place, place, "tile")


def spoil_block(rng: random.Random, log: Log, place: int) -> Tampered:
    place = place % 512 if log is FIRST else 0
    if log is SECOND:  # it has no tile of level 1
        return spoil_tile(rng, log, place)
    name = f"{log.year}/{tlog.path(1, 0, 2)}"
    data = bytearray(CLEAN[name])
    data[place // 256 * 32 + rng.randrange(32)] ^= 1 << rng.randrange(8)
    begin = place // 256 * 256
    return {**CLEAN, name: bytes(data)}, KEPT, (log.year, begin, begin + 255, "tile")


def cut_blocks(rng: random.Random, log: Log, place: int) -> Tampered:
    """The tile over whole blocks of 256 is lost, cut, or too long."""
    if log is SECOND:  # it has none
        return spoil_tile(rng, log, place)
    name, first = f"2026/{tlog.path(1, 0, 2)}", place // 256 % 2
    data = rng.choice([CLEAN[name][: 32 * first], CLEAN[name] + CLEAN[name][:32]])
    begin = 256 * min(first, len(data) // 32) if len(data) < 96 else 512
    return {**CLEAN, name: data}, KEPT, (2026, begin, begin + 255, "tile")


def edit_with_leaf(rng: random.Random, log: Log, place: int) -> Tampered:
    """An entry and its hash, but no hash above."""
    files, _, _ = edit(rng, log, place)
    name = name_of(log, 0, place)
    leaves = [merkle.leaf_hash(item) for item in tlog.unbundle(files[name_of(log, "entries", place)])]
    files[name] = b"".join(leaves)
    return files, [], (log.year, *batch(log, place), "hidden")


def lose(rng: random.Random, log: Log, place: int) -> Tampered:
    name = name_of(log, rng.choice(["entries", 0]), place)
    begin = place // 256 * 256
    last = min(begin + 255, len(log.entries) - 1)
    return {k: v for k, v in CLEAN.items() if k != name}, KEPT, (log.year, begin, last, "missing")


def rewrite(rng: random.Random, log: Log, place: int) -> Tampered:
    """An entry and every hash above it: only the signed heads stand against it."""
    entries = list(log.entries)
    entries[place] = entries[place].replace(b"case.moved", b"case.close")
    return rewritten(log, entries), [], (log.year, *batch(log, place), "hidden")


def rewrite_swap(rng: random.Random, log: Log, place: int) -> Tampered:
    entries = list(log.entries)
    place = min(place, len(entries) - 2)
    entries[place], entries[place + 1] = entries[place + 1], entries[place]
    begin, last = batch(log, place)
    if last == place:  # the first of the two is the last of its batch
        begin, last = batch(log, place)
    return rewritten(log, entries), [], (log.year, begin, last, "hidden")


def cut_tail(rng: random.Random, log: Log, place: int) -> Tampered:
    """The newest entries are gone with their hashes, the signed head stands."""
    place = max(place, 1)
    files = rewritten(log, log.entries[:place])
    gone = {k: v for k, v in CLEAN.items() if not k.startswith(f"{log.year}/")}
    mine = {k: v for k, v in files.items() if k.startswith(f"{log.year}/")}
    shorter = Log(log.year, log.entries[:place], []).files(log.heads)
    assert set(shorter) <= set(mine)
    width = place // 256 * 256
    return {**gone, **shorter}, [], (log.year, width, min(width + 255, len(log.entries) - 1), "missing")


def forge_head(rng: random.Random, log: Log, place: int) -> Tampered:
    at = place % len(log.heads)
    head = log.sign(log.sizes[at], at, OTHER)
    heads = [*log.heads[:at], head, *log.heads[at + 1 :]]
    return {**CLEAN, f"{log.year}/heads.jsonl": lines(heads)}, KEPT, (log.year, head.size - 1, head.size - 1, "head")


def backdate_head(rng: random.Random, log: Log, place: int) -> Tampered:
    at = 1 + place % (len(log.heads) - 1)
    head = log.heads[at]._replace(at=(T0 - timedelta(days=1)).isoformat())
    heads = [*log.heads[:at], head, *log.heads[at + 1 :]]
    return {**CLEAN, f"{log.year}/heads.jsonl": lines(heads)}, KEPT, (log.year, head.size - 1, head.size - 1, "head")


def forked(rng: random.Random, log: Log, place: int) -> Tampered:
    """The owner of the key writes an entry anew and signs everything again; others have kept heads."""
    entries = list(log.entries)
    entries[place] = entries[place].replace(b'"id":', b'"id":9')
    other = Log(log.year, entries, log.sizes)
    kept = [head for head in KEPT if head.origin == log.origin]
    at = next((i for i, head in enumerate(kept) if head.size > place), None)
    if at is None:  # nobody has kept a head behind it: nothing to be found by
        return forked(rng, log, kept[-1].size - 1)
    begin = kept[at - 1].size if at else 0
    files = {**CLEAN, **other.files()}
    if log is FIRST:
        files = {name: data for name, data in files.items() if name.startswith("2026")}
        return files, kept, (log.year, begin, kept[at].size - 1, "fork")
    return files, kept, (log.year, begin, kept[at].size - 1, "fork")


def two_heads(rng: random.Random, log: Log, place: int) -> Tampered:
    """Two heads of one size under one key."""
    at = place % len(log.heads)
    other = Log(log.year, [entry(5000 + n) for n in range(log.sizes[at])], []).sign(log.sizes[at], at)
    heads = [*log.heads[: at + 1], other, *log.heads[at + 1 :]]
    return {**CLEAN, f"{log.year}/heads.jsonl": lines(heads)}, KEPT, (log.year, other.size - 1, other.size - 1, "fork")


def other_past(rng: random.Random, log: Log, place: int) -> Tampered:
    """The year before is exchanged for another one, signed with the true key."""
    entries = list(FIRST.entries)
    entries[place % 700] = entry(20_000 + place)
    return {**CLEAN, **Log(2026, entries, FIRST.sizes).files()}, [], (2027, 0, 0, "year")


WAYS = [
    edit, backdate, drop, drop_and_close, drop_last, insert, add_behind, repeat, swap, swap_far, swap_bundles,
    spoil_tile, spoil_block, cut_blocks, edit_with_leaf, lose, rewrite, rewrite_swap, cut_tail, forge_head,
    backdate_head, forked, two_heads, other_past,
]  # fmt: skip


def test_an_untouched_ledger_has_no_fault() -> None:
    assert tlog_verify.verify(CLEAN, PUBLIC, KEPT) == ([], 790, 11)
    assert faults(CLEAN, [*FIRST.heads, *SECOND.heads]) == []
    for size in (1, 2, 255, 256, 257, 512, 600):
        log = Log(2026, FIRST.entries[:size], [size])
        assert tlog_verify.verify(log.files(), PUBLIC) == ([], size, 1)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_tampering_is_found_where_it_was_done(way: Callable[[random.Random, Log, int], Tampered]) -> None:
    """42 of each of 24 kinds: 1,008 tamperings."""
    for seed in range(42):
        rng = random.Random(f"{way.__name__} {seed}")
        log = rng.choice([FIRST, FIRST, SECOND])
        files, kept, expected = way(rng, log, rng.randrange(len(log.entries)))
        found = faults(files, kept)
        assert found, (seed, expected)
        assert found[0][:4] == expected, (seed, found[:3])


@pytest.mark.parametrize("place", [0, 39, 255, 256, 511, 512, 699])
@pytest.mark.parametrize("way", [drop, drop_and_close, insert, repeat, spoil_tile, edit_with_leaf])
def test_a_tampering_at_the_edge_of_a_bundle_or_a_head_is_located(
    way: Callable[[random.Random, Log, int], Tampered], place: int
) -> None:
    files, kept, expected = way(random.Random(1), FIRST, place)
    assert faults(files, kept)[0][:4] == expected


def test_a_changed_hash_over_65536_entries_is_found() -> None:
    """Tiles of the second level hang over whole units of work of the verifier."""
    log = Log(2026, [b"%d" % n for n in range(2 * 65_536 + 300)], [2 * 65_536 + 300])
    files, name = log.files(), f"2026/{tlog.path(2, 0, 2)}"
    assert tlog_verify.verify(files, PUBLIC)[0] == []
    for data, first in ((files[name][:32], 65_536), (b"\x00" * 32 + files[name][32:], 0), (files[name] * 2, 131_072)):
        found = tlog_verify.verify({**files, name: data}, PUBLIC)[0]
        assert found[0][:4] == (2026, first, first + 65_535, "tile")


def test_tiles_hold_what_the_tree_of_the_standard_says() -> None:
    assert hashlib.sha256(b"\x00" + FIRST.entries[0]).digest() == CLEAN["2026/tile/0/000"][:32]


def test_the_verifier_is_one_short_file_that_needs_nothing_of_the_platform() -> None:
    path = Path(tlog_verify.__file__)
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    modules = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert modules - set(sys.stdlib_module_names) == {"cryptography"}


def test_the_verifier_runs_alone(tmp_path: Path) -> None:
    verifier = shutil.copy(tlog_verify.__file__, tmp_path / "verify.py")
    for name, data in CLEAN.items():
        path = tmp_path / "log" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    kept = tmp_path / "kept"
    kept.write_bytes(lines(KEPT))
    command = [sys.executable, "-I", str(verifier), str(tmp_path / "log"), "--key", PUBLIC, "--kept", str(kept)]
    # a folder is known by its checkpoints
    for log in (FIRST, SECOND):
        head = log.heads[-1]
        text = tlog.checkpoint_text(head.origin, head.size, bytes.fromhex(head.root), head.at)
        key = tlog.key_hash(head.origin, bytes.fromhex(PUBLIC))
        note = tlog.Note(text, ((head.origin, key, bytes.fromhex(head.signature)),)).encode()
        (tmp_path / "log" / str(log.year) / "checkpoint").write_bytes(note)
    well = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (well.returncode, well.stdout) == (0, f"0 faults, 790 entries, 11 heads, key {PUBLIC}\n"), well.stderr
    (tmp_path / "log" / name_of(FIRST, "entries", 300)).unlink()
    ill = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ill.returncode == 1
    assert ill.stdout.startswith("2026 leaf 256..511: missing: not here\n")


def test_a_bundle_that_holds_a_file_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for name in ("key.txt", "2026/heads.jsonl", "2026/heads.jsonl"):
            archive.writestr(name, b"")
    with pytest.raises(ValueError, match="twice"):
        tlog_verify.verify(path)
