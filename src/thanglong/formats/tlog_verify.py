"""Checks a ledger's bundle or folder without the platform: one file, Python 3.11, standard library and `cryptography`.

    python verify.py BUNDLE.zip|FOLDER [--key HEX] [--kept FILE …] [--jobs N]

Every entry is hashed again, the tree (RFC 6962) built again and compared with each signed head (Ed25519) and each hash
tile (C2SP tlog-tiles); heads must grow and agree with the heads that others kept; each year must begin with the final
head of the year before. Every fault is told with its year and its places in that year. Exit code 1 when there is one.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Hashes = Sequence[bytes | None]  # None: not at hand
Read = Callable[[str], bytes | None]
Where = str | Path | Mapping[str, bytes]
UNIT = 1 << 16  # leaves under one tile of level 1
sha = hashlib.sha256
# leaves first..last of a year, and what is wrong: changed missing added moved hidden tile head year fork
Fault = NamedTuple("Fault", [("year", int), ("first", int), ("last", int), ("kind", str), ("text", str)])  # noqa: UP014
Head = NamedTuple("Head", [("origin", str), ("size", int), ("root", str), ("at", str), ("signature", str)])  # noqa: UP014


def signed(head: Head, key: str) -> bool:
    text = f"{head.origin}\n{head.size}\n{base64.b64encode(bytes.fromhex(head.root)).decode()}\n{head.at}\n"
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(head.signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def heads_in(data: bytes | None) -> Iterator[Head]:
    """Heads in a text of JSON lines and signed notes (origin, size, root, moment, an empty line, the signature)."""
    lines = (data or b"").decode().split("\n")
    for at, line in enumerate(lines):
        if line.startswith("{"):
            yield Head(*map(json.loads(line).__getitem__, Head._fields))
        elif line.startswith("\u2014 ") and at > 4:
            (origin, size, root, moment), signature = lines[at - 5 : at - 1], base64.b64decode(line.split(" ")[2])[4:]
            yield Head(origin, int(size), base64.b64decode(root).hex(), moment, signature.hex())


def reader(where: Where) -> tuple[Read, list[str]]:
    """How to read a file by name, and the names of files that may hold heads; ValueError: a name stands twice."""
    if isinstance(where, Mapping):
        return where.get, list(where)
    if (folder := Path(where)).is_dir():
        tops = [f"{item.name}/checkpoint" for item in folder.iterdir()]
        return lambda name: (folder / name).read_bytes() if (folder / name).is_file() else None, tops
    names = (archive := zipfile.ZipFile(where)).namelist()
    if len(known := set(names)) < len(names):
        raise ValueError("the bundle holds a file twice")
    return lambda name: archive.read(name) if name in known else None, names


def tile(read: Read, year: int, level: int | str, index: int, size: int) -> bytes:
    """A tile of a tree of ``size`` leaves, empty when it is not at hand; the last one of a level is a partial one."""
    name = re.sub(r"(\d{3})(?=\d)", r"x\1/", f"{index:0{-(-len(str(index)) // 3) * 3}d}")
    width = (size >> (8 * level if isinstance(level, int) else 0)) - 256 * index
    return read(f"{year}/tile/{level}/{name}{'' if width >= 256 else f'.p/{width}'}") or b""


def climb(row: Hashes, known: Hashes) -> list[Hashes]:
    """All levels over the leaves of a unit; a block of 256 that is not at hand is taken from its tile of level 1."""
    rows = [row]
    for level in range(1, 17):
        pairs = zip(row[::2], row[1::2], strict=False)
        row = [sha(b"\x01" + a + b).digest() if a and b else None for a, b in pairs]
        if level == 8 and None in row:
            row = [own or other for own, other in zip(row, [*known, *[None] * 256], strict=False)]
        rows.append(row)
    return rows


def fold(blocks: Hashes) -> bytes | None:
    """The root over adjacent complete blocks, largest first."""
    root = blocks[-1]
    for block in reversed(blocks[:-1]):
        root = sha(b"\x01" + block + root).digest() if root and block else None
    return root


def compare(year: int, start: int, found: Hashes, wanted: Hashes) -> Iterator[Fault]:
    """How the entries of a tile differ from its hashes."""
    lost = {at for at, digest in enumerate(wanted) if digest not in found}
    new = {at for at, digest in enumerate(found) if digest not in wanted}
    moved = {at for at, pair in enumerate(zip(found, wanted, strict=False)) if pair[0] != pair[1]}
    for at in sorted(lost | new or moved):
        kind = ("changed" if at in new else "missing") if at in lost else "added" if at in new else "moved"
        yield Fault(year, start + at, start + at, kind, "not what was sealed at this place")


def check_unit(where: Where, year: int, size: int, whole: range, job: tuple[int, list[int]]) -> tuple[Any, ...]:
    """Hash a unit's entries, compare them with its tiles; ``job``: its start, the sizes at which to cut it. The answer:
    blocks before each cut by entries and by hash tiles, faults, the first entry, the number of entries."""
    (start, sizes), (read, _), faults, first, seen = job, reader(where), list[Fault](), list[bytes](), 0
    known, mine, theirs = tile(read, year, 1, start // UNIT, size), list[bytes | None](), list[bytes | None]()
    for place in range(start, min(start + UNIT, size), 256):
        data, row, at, width = tile(read, year, "entries", place // 256, size), list[bytes](), 0, min(256, size - place)
        while at < len(data):
            begin, at = at + 2, at + 2 + int.from_bytes(data[at : at + 2], "big")
            row.append(data[begin:at])
        first, seen, data = first if place else row, seen + len(row), tile(read, year, 0, place // 256, size)
        found: list[bytes | None] = [sha(b"\x00" + entry).digest() for entry in row]
        wanted: list[bytes | None] = [data[at : at + 32] for at in range(0, len(data), 32)]
        if found != wanted or len(found) != width:
            faults += compare(year, place, found, wanted) if found and wanted else []
            if (found or place in whole) and not (found and wanted):
                faults.append(Fault(year, place, place + width - 1, "missing", "entries or their hashes are not here"))
            found, wanted = [((a or b) + [None] * width)[:width] for a, b in ((found, wanted), (wanted, found))]
        mine += found
        theirs += wanted
    level1: Hashes = [known[at : at + 32] for at in range(0, len(known), 32)]
    trees, cuts = [climb(mine, level1)] + [climb(theirs, level1)] * (mine != theirs), dict[int, Any]()
    for cut in sizes:
        spots = [(level, (cut - start) >> level & ~1) for level in range(16, -1, -1) if (cut - start) >> level & 1]
        cuts[cut] = [[next(iter(tree[level][at:]), None) for level, at in spots] for tree in (trees[0], trees[-1])]
    for at, pair in enumerate(zip(level1, trees[0][8], trees[-1][8], strict=False)):
        if pair[0] not in pair[1:]:
            at = start + 256 * at
            faults.append(Fault(year, at, at + 255, "tile", "the stored hash of this block is wrong"))
    return cuts, faults, b"".join(first[:1]), seen


def check_year(where: Where, year: int, heads: list[Head], kept: list[Head], whole: range, run: Any) -> tuple[Any, ...]:
    """Rebuild a year's tree under its heads by the entries and, to tell which is wrong, by the hash tiles."""
    size, roots, edges = heads[-1].size, dict[int, Hashes](), list[list[bytes | None]]([[], []])
    sizes = sorted({head.size for head in [*heads, *kept] if head.size <= size} | {*range(UNIT, size + 1, UNIT)})
    jobs = [(start, [at for at in sizes if start < at <= start + UNIT]) for start in range(0, size, UNIT)]
    units = list(run(partial(check_unit, where, year, size, whole), jobs))
    for number, (cuts, *_) in enumerate(units):
        for cut, pair in cuts.items():
            roots[cut] = [fold([*edge, *own]) for edge, own in zip(edges, pair, strict=True)]
        for edge, own in zip(edges, cuts.get((number + 1) * UNIT, []), strict=False):
            block, count = own[0], number
            while count & 1:
                block, count = fold([edge.pop(), block]), count >> 1
            edge.append(block)
    faults: list[Fault] = [fault for unit in units for fault in unit[1]]
    blank = [*[None] * (len(heads) - 1), b""]  # what may be unknown: the roots of earlier heads
    right = [
        [roots[h.size][way] in (no, bytes.fromhex(h.root)) for h, no in zip(heads, blank, strict=True)]
        for way in (0, 1)
    ]
    way = 0 if all(right[0]) else 1
    if way == 0:  # the entries are those that were sealed: where a stored hash differs, the hash is wrong
        faults = [item._replace(kind="tile") if item.text.startswith("not what") else item for item in faults]
    elif not all(right[1]):
        bad = right[0].index(False)
        begin = max((head.size for head in heads[:bad] if roots[head.size][0]), default=0)
        faults.append(Fault(year, begin, heads[bad].size - 1, "hidden", "changed together with the hashes over it"))
    for head in kept if all(right[way]) else []:
        if head.size > size or roots[head.size][way] not in (None, bytes.fromhex(head.root)):
            begin = max((other.size for other in kept if other.size < head.size), default=0)
            faults.append(Fault(year, begin, head.size - 1, "fork", "another ledger than the one whose head was kept"))
            break
    return faults, units[0][2], sum(unit[3] for unit in units)


def verify(where: Where, key: str = "", kept: Sequence[Head] = (), run: Any = map) -> tuple[list[Fault], int, int]:
    """Every fault in order of year and place, the number of entries hashed, and of heads checked."""
    read, names = reader(where)
    about, key = json.loads(read("about.json") or b"{}"), key or (read("key.txt") or b"").decode().strip()
    faults, last, origins, seen, count = list[Fault](), Head("", 0, "", "", ""), set[str](), 0, 0
    years = {int(name[:4]) for name in names if re.fullmatch(r"\d{4}/(checkpoint|heads\.jsonl)", name)}
    for year in sorted(years):
        heads = list[Head]()
        for head in [*heads_in(read(f"{year}/heads.jsonl")), *heads_in(read(f"{year}/checkpoint"))]:
            before = heads[-1] if heads else Head(head.origin, 0, "", "", "")
            if not signed(head, key):
                faults.append(Fault(year, head.size - 1, head.size - 1, "head", "the head's signature is not valid"))
            elif head.size > before.size and head.origin == before.origin and head.at >= before.at:
                heads.append(head)
            elif head != before:
                kind = "fork" if head.size == before.size else "head"
                faults.append(Fault(year, head.size - 1, head.size - 1, kind, "heads do not grow"))
        if not heads:
            faults.append(Fault(year, 0, 0, "head", "no head is signed by this key"))
            continue
        whole = range(*about["whole"].get(str(year), (0, 0))) if about else range(heads[-1].size)
        own = sorted({head for head in kept if head.origin == heads[0].origin}, key=lambda head: head.size)
        more, first, entries = check_year(where, year, heads, own, whole, run)
        named = {"previous": {"origin": last.origin, "root": last.root, "size": last.size}}
        if last.size and first and not any(item.first == 0 for item in more) and json.loads(first)["facts"] != named:
            more.append(Fault(year, 0, 0, "year", "the year does not begin with the final head of the last one"))
        faults, last, seen, count = faults + more, heads[-1], seen + entries, count + len(heads)
        origins.add(last.origin)
    lost = [head for head in kept if head.origin not in origins and (not about or int(head.origin[-4:]) in years)]
    faults += [Fault(0, 0, head.size - 1, "fork", f"the ledger {head.origin} is not in here") for head in lost]
    return sorted(faults), seen, count


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("where", help="a bundle (zip), its unpacked folder, or a folder of tiles")
    options.add_argument("--key", default="", help="the public key you trust, in hex; without it the bundle's own")
    options.add_argument("--kept", nargs="*", default=[], type=Path, help="files of heads that you or others kept")
    options.add_argument("--jobs", type=int, default=2, help="processes")
    given = options.parse_args()
    others = [head for name in given.kept for head in heads_in(name.read_bytes())]
    with ProcessPoolExecutor(given.jobs) as pool:
        found, entries, heads = verify(given.where, given.key, others, pool.map)
    for item in found:
        print(f"{item.year} leaf {item.first}..{item.last}: {item.kind}: {item.text}")  # noqa: T201
    trust = "" if given.key else " The key is the bundle's own: compare it with the published one, or give --key."
    sys.exit(f"NOT WELL: {len(found)} faults.{trust}" if found else None)
