"""Bundles for auditors: entries with everything that proves them, in a zip that is checked without the platform."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.types import Tree, Wanted
from thanglong.formats import tlog, tlog_verify
from thanglong.kit.errors import N_, NotFound
from thanglong.stores.files import zips

README = """# Gói kiểm chứng sổ cái / Ledger bundle

**Tiếng Việt.** Mỗi dòng trong `NĂM/tile/entries/*.jsonl` là một mục của sổ cái. Để kiểm tra mà không cần chúng tôi
(cần Python 3.11 và thư viện `cryptography`):

    python verify.py . --key KHÓA_CÔNG_KHAI

Lấy khóa công khai ở một nơi khác gói này, ví dụ trang `/ledger/` hoặc bảng tin của Ủy ban, rồi so với `key.txt`.
Ai đã giữ đầu sổ cũ thì thêm `--kept TỆP`. Lệnh nêu đúng năm và vị trí của mọi mục bị sửa, bỏ, chèn, đổi chỗ.
Số mục mà lệnh in ra phải bằng số mục trong `about.json`.

**English.** Each line of `YEAR/tile/entries/*.jsonl` is an entry of the ledger. To check it without us (needs Python
3.11 and the `cryptography` library): `python verify.py . --key PUBLIC_KEY`. Take the public key from elsewhere, such as
the page `/ledger/` or the notice board of city hall, and compare it with `key.txt`. Whoever kept an older head adds
`--kept FILE`. The command names the year and place of every entry that was changed, dropped, put in or moved. The
number of entries it prints must be that of `about.json`. Time stamps (`YEAR/stamps/SIZE.tsr`, when there are any):
`openssl ts -verify -data SIZE.head -in SIZE.tsr -CAfile AUTHORITY.pem`.
"""
Progress = Callable[[int, int], None]


def write(target: Path, wanted: Wanted, progress: Progress) -> int:
    """Write a bundle; the number of entries in it. NotFound when nothing fits. Equal ledgers give equal bytes.

    ``progress`` hears of bundles written and to be written.
    """
    chosen = [(tree, _tiles(tree, wanted)) for tree in repository.trees()]
    having = [at for at, (_, tiles) in enumerate(chosen) if tiles]
    if not having:
        raise NotFound(N_("No entry of the ledger fits: nothing was exported."))
    chosen = chosen[having[0] : having[-1] + 1]
    # the first entry of a year names the end of the year before
    chosen = [(tree, tiles if not at else sorted({0, *tiles})) for at, (tree, tiles) in enumerate(chosen)]
    total, done, count = sum(len(tiles) for _, tiles in chosen), 0, 0
    about: dict[str, Any] = {"format": "thanglong.ledger.bundle/1", "whole": {}}
    with zips.writing(target) as put:
        put("README.md", README.encode())
        put("verify.py", Path(tlog_verify.__file__).read_bytes())
        for tree, tiles in chosen:
            size = _size(tree)
            if wanted.ref is None and tiles == list(range(tiles[0], tiles[-1] + 1)):
                about["whole"][str(tree.year)] = [tiles[0] * tlog.WIDTH, min(size, (tiles[-1] + 1) * tlog.WIDTH)]
            for name, content in _heads_and_hashes(tree, size):
                put(f"{tree.year}/{name}", content)
            for index in tiles:
                rows = list(repository.leaf_bodies(tree, index * tlog.WIDTH, min(size, (index + 1) * tlog.WIDTH)))
                lines = [_line(row[1], row[3] or "") for row in rows]
                if len(rows) == tlog.WIDTH:
                    put(f"{tree.year}/{tlog.path(0, index)}", b"".join(row[2] for row in rows))
                put(f"{tree.year}/{tlog.path('entries', index, len(rows))}.jsonl", b"".join(x + b"\n" for x in lines))
                count, done = count + len(rows), done + 1
                progress(done, total)
        head = repository.head(chosen[-1][0].year)
        put("key.txt", f"{head.key if head else ''}\n".encode())
        about |= {"entries": count, **_asked(wanted)}
        put("about.json", (json.dumps(about, ensure_ascii=False, indent=1) + "\n").encode())
    return count


def _line(entry_id: int, body: str) -> bytes:
    """The canonical entry; as it stands when it was tampered with, which is for the verifier to tell."""
    try:
        return rules.with_id(entry_id, body.encode())
    except ValueError:
        return body.encode().replace(b"\n", b" ")


def _asked(wanted: Wanted) -> dict[str, Any]:
    def moment(at: datetime | None) -> str | None:
        return rules.moment(at) if at else None

    ref = {"kind": wanted.ref.kind, "id": wanted.ref.id} if wanted.ref else None
    return {"from": moment(wanted.since), "to": moment(wanted.until), "about": ref}


def _size(tree: Tree) -> int:
    head = repository.head(tree.year)
    return head.size if head else 0


def _tiles(tree: Tree, wanted: Wanted) -> list[int]:
    """Numbers of the tiles of a year in which wanted entries stand: for a period all between the first and the last."""
    size = _size(tree)
    if wanted == Wanted():
        return list(range(-(-size // tlog.WIDTH)))
    found = repository.tiles_of(tree, size, wanted)
    return found if wanted.ref or not found else list(range(found[0], found[-1] + 1))


def _heads_and_hashes(tree: Tree, size: int) -> Iterator[tuple[str, bytes]]:
    head = None
    lines = []
    for head in repository.heads(tree):
        lines.append(json.dumps(rules.head_document(head)) + "\n")
    yield "heads.jsonl", "".join(lines).encode()
    if head is not None:
        yield "checkpoint", rules.checkpoint(head)
    for stamp in repository.stamps(tree.year):
        stamped = repository.head_of(tree.year, stamp.size)
        if stamped is not None:
            yield f"stamps/{stamp.size}.tsr", stamp.token
            yield f"stamps/{stamp.size}.head", rules.signed_text(stamped)
    full, rest = tlog.widths(size, 0)
    if rest:  # the right edge is needed for the root, whatever else is wanted
        yield tlog.path(0, full, rest), b"".join(repository.leaf_hashes(tree, size - rest, size))
    for level in range(1, tlog.levels(size)):
        blocks = size >> (8 * level)
        for index in range(-(-blocks // tlog.WIDTH)):
            start = index * tlog.WIDTH
            row = repository.node_hashes(tree, 8 * level, start, min(blocks, start + tlog.WIDTH))
            yield tlog.path(level, index, len(row)), b"".join(row)
