"""Checks a ledger's bundle or folder without the platform: one file, Python 3.11, standard library and `cryptography`.

`python verify.py BUNDLE|FOLDER [--key HEX] [--kept FILE …]` hashes every entry, builds the tree (RFC 6962), compares it
with signed heads (Ed25519), hash tiles (C2SP), heads that others kept, each year's beginning with the last one's end. A
fault has year, first and last leaf there, and kind: changed missing added moved hidden tile head year fork; exit 1.
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
from contextlib import suppress
from functools import partial, reduce
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

UNIT, sha = 1 << 16, hashlib.sha256  # leaves under one tile of level 1
Fault = NamedTuple("Fault", [("year", int), ("first", int), ("last", int), ("kind", str), ("text", str)])  # noqa: UP014
Head = NamedTuple("Head", [("origin", str), ("size", int), ("root", str), ("at", str), ("signature", str)])  # noqa: UP014


def signed(head: Head, key: str) -> bool:
    with suppress(InvalidSignature, ValueError):
        text = f"{head.origin}\n{head.size}\n{base64.b64encode(bytes.fromhex(head.root)).decode()}\n{head.at}\n"
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(head.signature), text.encode())
        return True
    return False


def heads_in(data: bytes | None) -> Iterator[Head]:
    """Heads in a text of JSON lines and signed notes (origin, size, root, moment, an empty line, the signature)."""
    for at, line in enumerate(lines := (data or b"").decode().split("\n")):
        if line.startswith("{"):
            yield Head(*map(json.loads(line).__getitem__, Head._fields))
        elif line.startswith("\u2014 ") and at > 4:
            (origin, size, root, moment), signature = lines[at - 5 : at - 1], base64.b64decode(line.split(" ")[2])[4:]
            yield Head(origin, int(size), base64.b64decode(root).hex(), moment, signature.hex())


def reader(where: Any) -> tuple[Callable[[str], bytes | None], list[str]]:
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


def tile(read: Any, year: int, level: int, index: int, size: int) -> list[Any]:
    """The hashes of a tile, or (level -1) entries from a bundle or JSON lines; the last of a level is a partial one."""
    name = re.sub(r"(\d{3})(?=\d)", r"x\1/", f"{index:0{-(-len(str(index)) // 3) * 3}d}")
    width, kind, at = (size >> 8 * max(level, 0)) - 256 * index, "entries" if level < 0 else level, 0
    name = f"{year}/tile/{kind}/{name}{'' if width >= 256 else f'.p/{width}'}"
    data, row = read(name) or b"", ((level < 0 and read(f"{name}.jsonl")) or b"").split(b"\n")[:-1]
    if level >= 0:
        return [data[at : at + 32] for at in range(0, len(data), 32)]
    while at < len(data):
        start, at = at + 2, at + 2 + int.from_bytes(data[at : at + 2], "big")
        row.append(data[start:at])
    return row


def climb(row: Sequence[Any], known: Sequence[Any]) -> list[Sequence[Any]]:
    """All levels over the leaves of a unit; a block of 256 that is not at hand is taken from its tile of level 1."""
    rows = [row]
    for level in range(1, 17):
        row = [sha(b"\x01" + a + b).digest() if a and b else None for a, b in zip(row[::2], row[1::2], strict=False)]
        row = [own or other for own, other in zip(row, [*known, *[None] * 256], strict=False)] if level == 8 else row
        rows.append(row)
    return rows


def fold(blocks: Sequence[Any]) -> Any:
    """The root over adjacent complete blocks, largest first."""
    return reduce(lambda right, left: sha(b"\x01" + left + right).digest() if right and left else None, blocks[::-1])


def compare(year: int, start: int, width: int, found: Sequence[Any], wanted: Sequence[Any]) -> Iterator[Fault]:
    """How the entries of a tile differ from its hashes."""
    text = "not what was sealed at this place" if len(found) == width else f"{len(found)} entries at {width} places"
    lost, new = ({at for at, x in enumerate(a) if x not in b} for a, b in ((wanted, found), (found, wanted)))
    moved = [at for at in range(max(len(found), len(wanted))) if found[at : at + 1] != wanted[at : at + 1]]
    new |= set(moved[:1]) if len(found) > width and not lost | new else set()  # a copy of another entry
    for at in sorted(lost | new or moved):
        kind = ("changed" if at in new else "missing") if at in lost else "added" if at in new else "moved"
        yield Fault(year, start + at, start + at, kind, text)


def check_unit(where: Any, year: int, size: int, whole: range, job: tuple[int, list[int]]) -> tuple[Any, ...]:
    """Blocks before each cut of a unit and all of 256, by entries and by tiles; faults; first entry; how many."""
    (start, sizes), (read, _), faults, first, seen = job, reader(where), list[Fault](), list[bytes](), 0
    mine, theirs, level1 = list[bytes | None](), list[bytes | None](), tile(read, year, 1, start // UNIT, size)
    for place in range(start, min(start + UNIT, size), 256):
        row, width = tile(read, year, -1, place // 256, size), min(256, size - place)
        first, seen = first if place else row, seen + len(row)
        found: list[bytes | None] = [sha(b"\x00" + entry).digest() for entry in row]
        wanted = tile(read, year, 0, place // 256, size)
        if found != wanted or len(found) != width:
            absent = [Fault(year, place, place + width - 1, "missing", "not here")] * (bool(found) or place in whole)
            faults += compare(year, place, width, found, wanted) if found and wanted else absent
            found, wanted = [((a or b) + [None] * width)[:width] for a, b in ((found, wanted), (wanted, found))]
        mine += found
        theirs += wanted
    trees, cuts = [climb(mine, level1)] + [climb(theirs, level1)] * (mine != theirs), dict[int, Any]()
    for cut in sizes:
        spots = [(level, (cut - start) >> level & ~1) for level in range(16, -1, -1) if (cut - start) >> level & 1]
        cuts[cut] = [[next(iter(tree[level][at:]), None) for level, at in spots] for tree in (trees[0], trees[-1])]
    blocks = {(1, start // 256 + at): own for at, own in enumerate(zip(trees[0][8], trees[-1][8], strict=True))}
    return cuts, faults, b"".join(first[:1]), seen, blocks


def check_year(where: Any, year: int, size: int, heads: list[Head], kept: list[Head], whole: range, run: Any) -> Any:
    """Rebuild a year's tree under its heads by the entries and, to tell which is wrong, by the hash tiles."""
    (read, _), roots, edges = reader(where), dict[int, list[str]](), list[list[bytes | None]]([[], []])
    sizes = sorted({head.size for head in [*heads, *kept] if head.size <= size} | {*range(UNIT, size + 1, UNIT)})
    jobs = [(start, [at for at in sizes if start < at <= start + UNIT]) for start in range(0, size, UNIT)]
    units = list(run(partial(check_unit, where, year, size, whole), jobs))
    blocks = {name: own for unit in units for name, own in unit[4].items()}
    for number, (cuts, *_) in enumerate(units):
        for cut, pair in cuts.items():  # a root that cannot be computed is an empty text
            roots[cut] = [(fold([*edge, *own]) or b"").hex() for edge, own in zip(edges, pair, strict=True)]
        for edge, own in zip(edges, cuts.get((number + 1) * UNIT, []), strict=False):
            for bit in range(1 + (number & ~(number + 1)).bit_length()):
                edge.append(fold([edge.pop(-2), edge.pop()]) if bit else own[0])
                blocks.setdefault((2 + bit / 8, number >> bit), []).append(edge[-1])
    faults: list[Fault] = [fault for unit in units for fault in unit[1]]
    for level in range(1, -(-size.bit_length() // 8)):
        row = [item for at in range(0, size >> 8 * level, 256) for item in tile(read, year, level, at // 256, size)]
        for at in range(max(size >> 8 * level, len(row))):
            own, last = blocks.get((level, at), (b"",)), (at + 1 << 8 * level) - 1
            if next(iter(row[at : at + 1]), b"") not in own and None not in own:
                faults.append(Fault(year, at << 8 * level, last, "tile", "the stored hash of this block is wrong"))
    wrong = [[head for head in heads if roots[head.size][way] not in ("", head.root)] for way in (0, 1)]
    whole_tree = [roots[heads[-1].size][way] == heads[-1].root and not wrong[way] for way in (0, 1)]
    if whole_tree[0]:  # the entries are those that were sealed: where a stored hash differs, the hash is wrong
        faults = [item._replace(kind="tile") if item.text.startswith("not what") else item for item in faults]
    elif not whole_tree[1] and (wrong[0] or not faults):
        bad = (wrong[0] or heads[-1:])[0].size
        begin = max((head.size for head in heads if head.size < bad and roots[head.size][0]), default=0)
        faults.append(Fault(year, begin, bad - 1, "hidden", "changed together with the hashes over it"))
    other = [k.size for k in kept if k.size > size or roots[k.size][not whole_tree[0]] not in ("", k.root)]
    if other and any(whole_tree):
        begin = max((head.size for head in kept if head.size < other[0]), default=0)
        faults.append(Fault(year, begin, other[0] - 1, "fork", "another ledger than the one whose head was kept"))
    return faults, units[0][2], sum(unit[3] for unit in units)


def verify(where: Any, key: str = "", kept: Sequence[Head] = (), run: Any = map) -> tuple[list[Fault], int, int]:
    """Faults by year and place (those of stored hashes last), the number of entries hashed, and of heads checked."""
    (read, names), kept = reader(where), sorted(kept, key=lambda head: head.size)
    about, key = json.loads(read("about.json") or b"{}"), key or (read("key.txt") or b"").decode().strip()
    faults, ends, seen, count = list[Fault](), [Head("", 0, "", "", "")], 0, 0
    for year in sorted(years := {int(n[:4]) for n in names if re.match(r"\d{4}/(checkpoint|heads\.jsonl)$", n)}):
        heads, size = list[Head](), 0
        for head in [*heads_in(read(f"{year}/heads.jsonl")), *heads_in(read(f"{year}/checkpoint"))]:
            before, size = heads[-1] if heads else Head(head.origin, 0, "", "", ""), max(size, head.size)
            if head.size > before.size and head.at >= before.at and head.origin == before.origin and signed(head, key):
                heads.append(head)
            elif head != before:
                kind = "fork" if head.size == before.size and signed(head, key) else "head"
                faults.append(Fault(year, head.size - 1, head.size - 1, kind, "badly signed, or before the last head"))
        if not heads:
            faults.append(Fault(year, 0, 0, "head", "no head is signed by this key"))
            continue
        whole = range(*about["whole"].get(str(year), (0, 0))) if about else range(size)
        own = [head for head in kept if head.origin == heads[0].origin]
        more, first, entries = check_year(where, year, size, heads, own, whole, run)
        named = {"previous": {"origin": ends[-1].origin, "root": ends[-1].root, "size": ends[-1].size}}
        if ends[1:] and first and not any(item.first == 0 for item in more) and json.loads(first)["facts"] != named:
            more.append(Fault(year, 0, 0, "year", "the year does not begin with the final head of the last one"))
        faults, ends, seen, count = faults + more, [*ends, heads[-1]], seen + entries, count + len(heads)
    there = {end.origin for end in ends} | {k.origin for k in kept if about and k.origin[-4:] not in map(str, years)}
    faults += [Fault(0, 0, k.size - 1, "fork", f"{k.origin} is not in here") for k in kept if k.origin not in there]
    return sorted(faults, key=lambda fault: (fault.kind == "tile", fault)), seen, count


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("where", help="a bundle (zip), its unpacked folder, or a folder of tiles")
    options.add_argument("--key", default="", help="the public key you trust, in hex; without it the bundle's own")
    options.add_argument("--kept", nargs="*", default=[], type=Path, help="files of heads that you or others kept")
    given = options.parse_args()
    with ProcessPoolExecutor() as pool:
        others = [head for name in given.kept for head in heads_in(name.read_bytes())]
        found, entries, heads = verify(given.where, given.key, others, pool.map)
    sys.stdout.writelines(f"{item.year} leaf {item.first}..{item.last}: {item.kind}: {item.text}\n" for item in found)
    sys.stdout.write(f"{len(found)} faults, {entries} entries, {heads} heads, key {given.key or 'its own'}\n")
    sys.exit(bool(found))
