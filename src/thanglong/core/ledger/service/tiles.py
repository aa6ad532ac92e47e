"""The ledger as public files: hash tiles, bundles of entries and checkpoints, in the layout of C2SP tlog-tiles.

The tables are the truth; the files are made from them, after the commit, and can be made anew at any time. The
checkpoint is written last, so that a kill in the midst leaves an older, whole publication that the next run completes.
"""

from collections.abc import Iterator

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.types import Head, Tree
from thanglong.formats import tlog
from thanglong.kit.errors import N_, Conflict, NotFound
from thanglong.solve import merkle
from thanglong.stores.files.tiles import FileTree

GROUP = 16  # tiles read at once
FORKED = N_(
    "The published ledger of %(year)s has %(size)s entries that the database does not know. Was an older backup "
    "restored? Nothing is signed until this is settled; see docs/do/verify-the-ledger.md."
)
DAMAGED = N_("Entry %(entry)s is not what was sealed. It is not published; run `thanglong ledger verify`.")


def published(files: FileTree, year: int) -> tlog.Checkpoint | None:
    """The head up to which a year's files are complete; None when there are none, or no whole checkpoint."""
    data = files.read(f"{year}/checkpoint")
    try:
        return tlog.parse_checkpoint(tlog.parse_note(data).text) if data else None
    except ValueError:
        return None


def check(files: FileTree) -> None:
    """Conflict when the files show a head that the tables do not: signing on would make two ledgers out of one."""
    tree = repository.newest_tree()
    for name in files.names(".") if tree is None else [str(tree.year)]:
        done = published(files, int(name)) if name.isdecimal() else None
        if done is not None:
            _known(done, int(name))


def _known(done: tlog.Checkpoint, year: int) -> Head:
    known = repository.head_of(year, done.size)
    if known is None or bytes.fromhex(known.root) != done.root or known.origin != done.origin:
        raise Conflict(FORKED, year=year, size=done.size)
    return known


def publish(files: FileTree) -> None:
    """Bring the files of every year up to its newest head. Idempotent; run behind each seal."""
    trees = repository.trees()
    for at, tree in enumerate(trees):
        done = published(files, tree.year)
        if done and at + 1 < len(trees) and done.size == trees[at + 1].start - tree.start:
            continue
        head = repository.head(tree.year)
        if head is not None and (done is None or done.size < head.size):
            if done is not None:
                _known(done, tree.year)
            _write(files, tree, head, done.size if done else 0)
    newest = files.read(f"{trees[-1].year}/checkpoint") if trees else None
    if newest is not None and newest != files.read("checkpoint"):
        files.put("checkpoint", newest)


def _write(files: FileTree, tree: Tree, head: Head, done: int) -> None:
    full: list[str] = []
    for name, content, whole in _tiles(tree, done, head.size):
        files.put(f"{tree.year}/{name}", content)
        if whole:
            full.append(f"{tree.year}/{name}.p")
    if not done:
        files.put("key.txt", f"{head.key}\n".encode())
    files.settle()
    files.put(f"{tree.year}/checkpoint", rules.checkpoint(head))
    files.settle()
    for name in full:
        files.drop_folder(name)  # readers of partial tiles are told to take the full one


def _tiles(tree: Tree, done: int, size: int) -> Iterator[tuple[str, bytes, bool]]:
    """Name, bytes and completeness of every tile and bundle that came about between two sizes."""
    first, last = done // tlog.WIDTH, -(-size // tlog.WIDTH)
    for group in range(first, last, GROUP):
        stop = min(size, (group + GROUP) * tlog.WIDTH)
        rows = list(repository.leaf_bodies(tree, group * tlog.WIDTH, stop))
        for at in range(0, len(rows), tlog.WIDTH):
            part = rows[at : at + tlog.WIDTH]
            index, whole = group + at // tlog.WIDTH, len(part) == tlog.WIDTH
            yield tlog.path(0, index, len(part)), b"".join(row[2] for row in part), whole
            yield tlog.path("entries", index, len(part)), tlog.bundle(_text(row) for row in part), whole
    for level in range(1, tlog.levels(size)):
        before, after = done >> (8 * level), size >> (8 * level)
        for index in range(before // tlog.WIDTH, -(-after // tlog.WIDTH)):
            start = index * tlog.WIDTH
            row = repository.node_hashes(tree, 8 * level, start, min(after, start + tlog.WIDTH))
            yield tlog.path(level, index, len(row)), b"".join(row), len(row) == tlog.WIDTH


def _text(row: tuple[int, int, bytes, str | None]) -> bytes:
    """The canonical entry of a leaf; Conflict when it is not the one that was sealed."""
    _, entry_id, digest, body = row
    try:
        text = rules.with_id(entry_id, (body or "").encode())
    except ValueError:
        text = b""
    if merkle.leaf_hash(text) != digest:
        raise Conflict(DAMAGED, entry=entry_id)
    return text


def read(files: FileTree, year: int, name: str) -> bytes:
    """A published file of a year; a partial tile that was replaced by the full one is cut from it. NotFound."""
    whole, partial, width = name.rpartition(".p/")
    try:
        data = files.read(f"{year}/{name}")
        if data is None and partial and width.isdecimal() and 0 < int(width) < tlog.WIDTH:
            data = files.read(f"{year}/{whole}")
            if data is not None:
                data = tlog.first(data, int(width)) if "/entries/" in name else data[: tlog.HASH * int(width)]
    except ValueError:
        data = None
    if data is None:
        raise NotFound()
    return data
