"""Backups: one moment of several databases, files by content, keys sealed, damage found, old ones removed."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from thanglong.cli import backup, restore
from thanglong.stores.backup import keys, manifest, postgres, sqlite
from thanglong.stores.backup.pool import Pool, digest_of, nothing


def make_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE row(n INTEGER PRIMARY KEY, text TEXT)")
        connection.commit()


def test_one_moment_of_two_files_while_writers_go_on(tmp_path: Path) -> None:
    """A writer commits to the first file, then to the second: at any moment the first is ahead by at most one."""
    first, second = tmp_path / "a.db", tmp_path / "b.db"
    make_database(first)
    make_database(second)
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(first, timeout=20)) as a, closing(sqlite3.connect(second, timeout=20)) as b:
            n = 0
            while not stop.is_set():
                n += 1
                for connection in (a, b):
                    connection.execute("INSERT INTO row VALUES (?, ?)", (n, "x" * 500))
                    connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(8):
            with sqlite.cut([first, second]) as readers:
                heard: list[int] = []
                for path, reader in readers.items():
                    digest, size = sqlite.copy(reader, tmp_path / f"{turn}-{path.name}", heard.append)
                    assert digest_of(tmp_path / f"{turn}-{path.name}") == (digest, size)
                assert sum(heard) == sum(map(sqlite.size_of, readers.values()))
            counts = [sqlite.counts(tmp_path / f"{turn}-{name}.db")["row"] for name in "ab"]
            assert 0 <= counts[0] - counts[1] <= 1, counts
            assert sqlite.fault(tmp_path / f"{turn}-a.db") is None
    finally:
        stop.set()
        writer.join()
    assert counts[0] > 10


def test_a_file_that_has_not_changed_is_not_copied_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "files" / "ab").mkdir(parents=True)
    (data / "a.txt").write_text("one")
    pool = Pool(tmp_path / "objects")
    kept = pool.add(data, "a.txt")
    assert kept is not None
    assert pool.path(kept.digest).read_text() == "one"
    (data / "a.txt").write_text("two")
    other = pool.add(data, "a.txt")
    assert other is not None
    assert other.digest != kept.digest
    # a name that promises its content is believed when the pool has it
    assert pool.add(data, "a.txt", known=other.digest) == other
    assert pool.add(data, "gone.txt") is None
    pool.settle()
    assert pool.sweep({other.digest}) == 3
    assert [digest for digest, _ in pool.objects()] == [other.digest]


def test_keys_open_with_the_right_passphrase_only(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ledger.ed25519").write_text("secret")
    sealed = keys.seal(keys.pack(tmp_path / "keys"), "correct horse")
    assert b"secret".hex().encode() not in sealed
    assert keys.unpack(keys.unseal(sealed, "correct horse"), tmp_path / "again") == 1
    assert (tmp_path / "again" / "ledger.ed25519").read_text() == "secret"
    assert (tmp_path / "again" / "ledger.ed25519").stat().st_mode & 0o077 == 0
    for wrong in (sealed[:-1] + b"x", b"nothing"):
        with pytest.raises(ValueError):
            keys.unseal(wrong, "correct horse")
    with pytest.raises(ValueError, match="passphrase is wrong"):
        keys.unseal(sealed, "another one")


def finished(place: Path, name: str, content: str = "x") -> manifest.Backup:
    """A small backup of one file."""
    data = place.parent / "data"
    data.mkdir(exist_ok=True)
    (data / "a.txt").write_text(content)
    draft = manifest.Draft(place / f"{manifest.PARTIAL}{name}")
    draft.folder.mkdir(parents=True)
    backup._copy_files(Pool(place / "objects"), data, ["a.txt"], draft.folder, nothing)
    draft.manifest = {
        "format": manifest.FORMAT, "id": name, "made_at": "2026-11-24T00:00:00+00:00", "parts": [], "keys": "none",
        "keys_digest": "", "files_digest": digest_of(draft.folder / "files.jsonl")[0], "bytes": 1, "migrations": [],
        "profile": {"relational": "sqlite", "things": "sqlite"}, "ledger": None, "program": "0",
    }  # fmt: skip
    return draft.finish(place / name)


def test_old_backups_go_and_one_a_month_stays(tmp_path: Path) -> None:
    place = tmp_path / "backups"
    for month in ("09", "10", "11"):
        for day in ("01", "02", "03"):
            finished(place, f"2026{month}{day}T000000Z", f"{month}{day}")
    assert len(list(Pool(place / "objects").objects())) == 9
    gone = backup.prune(place, keep=2)
    left = [item.id[4:8] for item in manifest.every(place)]
    assert left == ["0903", "1003", "1102", "1103"]
    assert len(gone) == 5
    assert len(list(Pool(place / "objects").objects())) == 4
    assert manifest.find(place).id == "20261103T000000Z"
    assert all(not backup.faults(item) for item in manifest.every(place))


def test_damage_is_found_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THANGLONG_DATABASE", raising=False)
    made = finished(tmp_path / "backups", "20261101T000000Z", "hello")
    (item,) = made.files()
    made.pool.path(item.digest).write_text("hellO")
    assert "was changed" in backup.faults(made)[0]
    target = tmp_path / "new"
    with pytest.raises(backup.Refused, match="damaged, nothing was restored"):
        restore.run(made.folder, target, quiet=True)
    assert not (target / "a.txt").exists()
    text = (made.folder / "manifest.json").read_text()
    (made.folder / "manifest.json").write_text(text.replace('"bytes": 1', '"bytes": 2'))
    with pytest.raises(backup.Refused, match="was changed"):
        restore.run(made.folder, target, quiet=True)
    with pytest.raises(backup.Refused, match="no backup"):
        restore.run(tmp_path / "nowhere", target, quiet=True)


def test_restore_refuses_a_place_in_use_and_goes_on_when_cut_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("THANGLONG_DATABASE", raising=False)
    made = finished(tmp_path / "backups", "20261101T000000Z", "hello")
    used = tmp_path / "used"
    used.mkdir()
    (used / "city.db").write_text("mine")
    with pytest.raises(backup.Refused, match="not empty"):
        restore.run(made.folder, used, quiet=True)
    assert (used / "city.db").read_text() == "mine"
    target = tmp_path / "new"

    def cut_short(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(restore, "_file", cut_short)
        restore.run(made.folder, target, quiet=True)
    other = finished(tmp_path / "backups", "20261102T000000Z", "other")
    with pytest.raises(backup.Refused, match="cut short"):
        restore.run(other.folder, target, quiet=True)
    restore.run(made.folder, target, quiet=True)
    assert (target / "a.txt").read_text() == "hello"
    with pytest.raises(backup.Refused, match="not empty"):
        restore.run(made.folder, target, quiet=True)


def test_a_backup_of_another_kind_or_a_newer_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = finished(tmp_path / "backups", "20261101T000000Z")
    monkeypatch.setenv("THANGLONG_DATABASE", "postgresql://nobody@/x")
    with pytest.raises(backup.Refused, match="of SQLite, and the settings here name PostgreSQL"):
        restore.run(made.folder, tmp_path / "new", quiet=True)
    monkeypatch.delenv("THANGLONG_DATABASE")
    newer = manifest.Backup(made.folder, {**made.manifest, "migrations": ["cases.9999_from_the_future"]})
    with pytest.raises(backup.Refused, match="newer than this one"):
        restore._refuse_newer(newer)


def test_two_backups_at_once_are_refused(tmp_path: Path) -> None:
    with backup.only_one(tmp_path), pytest.raises(backup.Refused, match="Another backup"), backup.only_one(tmp_path):
        pass


def test_postgres_rows_return_as_they_were(postgres_uri: str, tmp_path: Path) -> None:
    """Null, quotes, line ends, bytes, json, identities, links and guards; the digest of a table dumped again agrees."""
    make = """
    CREATE TABLE unit(id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name text, body bytea, facts jsonb,
      twice bigint GENERATED ALWAYS AS (id * 2) STORED);
    CREATE TABLE leaf(id bigint PRIMARY KEY, unit_id bigint REFERENCES unit DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE noted(id bigint);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.noted VALUES (NEW.id); RETURN NULL; END';
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $t$no$t$; END';
    CREATE TRIGGER t1 AFTER INSERT ON unit FOR EACH ROW EXECUTE FUNCTION note();
    CREATE TRIGGER t2 BEFORE DELETE OR UPDATE ON unit FOR EACH ROW EXECUTE FUNCTION refuse();
    CREATE TRIGGER t3 BEFORE TRUNCATE ON unit FOR EACH STATEMENT EXECUTE FUNCTION refuse();
    """
    rows = [("Hàng Bông\n\\N", b"\x00\xff", '{"a": "\\t"}'), (None, None, None), ("'\"\t", b"", "[]")]
    with postgres.scratch(postgres_uri, "backup_from") as origin, postgres.scratch(postgres_uri, "backup_to") as target:
        with psycopg.connect(origin) as connection:
            connection.execute(make)
            connection.cursor().executemany("INSERT INTO unit(name, body, facts) VALUES (%s, %s, %s)", rows)
            connection.execute("INSERT INTO leaf SELECT id + 10, id FROM unit")
        with postgres.snapshot(origin) as now:
            dumped = {t.name: now.dump(t, tmp_path / t.file) for t in now.tables}
            tables, sequences = now.tables, now.sequences
        assert {name: made[2] for name, made in dumped.items()} == {"unit": 3, "leaf": 3, "noted": 3}
        assert postgres.is_empty(target)
        with psycopg.connect(target) as connection:
            connection.execute(make)
            connection.execute("INSERT INTO unit(name) VALUES ('a row of a migration')")
        assert not postgres.is_empty(target)
        postgres.load(target, tables, tmp_path, sequences, nothing)
        with postgres.snapshot(target) as now:
            assert {t.name: now.dump(t, None) for t in now.tables} == dumped
        with psycopg.connect(target) as connection:
            found = connection.execute("INSERT INTO unit(name) VALUES ('next') RETURNING id, twice").fetchone()
            assert found == (4, 8)
            with pytest.raises(psycopg.errors.RaiseException):
                connection.execute("DELETE FROM unit")
        # a link that leads nowhere is noticed, and nothing of the load remains
        (tmp_path / "public.leaf.copy").write_text("11\t99\n")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            postgres.load(target, tables, tmp_path, sequences, nothing)
        with psycopg.connect(target) as connection:
            assert connection.execute("SELECT count(*) FROM leaf").fetchone() == (3,)
        postgres.wipe(target)
        assert postgres.is_empty(target)
