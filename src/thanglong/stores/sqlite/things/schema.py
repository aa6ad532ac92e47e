"""Tables of the things file. Names of types, attributes, tenants and data sets are interned as small integers, so rows
and indexes stay small whatever the length of the names (an expanded NGSI-LD name is a whole URL)."""

VERSION = 3

# n: the entity's number, kept for ever, so its history survives its deletion and return.
# box: the R*Tree over all GeoProperties; id = n << 20 | attribute, which is also how the entity is found.
# history: the change log. All attributes written together share one seq; every reader of the log reads this table.
SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('version', 1), ('seq', 0), ('n', 0);
CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
INSERT INTO name VALUES (0, '');
CREATE TABLE entity(
  n INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, alive INTEGER NOT NULL, type INTEGER NOT NULL, id TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, state TEXT NOT NULL, stamps TEXT NOT NULL);
CREATE UNIQUE INDEX entity_id ON entity(tenant, id);
CREATE TABLE kind(
  tenant INTEGER, type INTEGER, id TEXT, n INTEGER NOT NULL, PRIMARY KEY(tenant, type, id)) WITHOUT ROWID;
CREATE TABLE attribute(
  tenant INTEGER, type INTEGER, attr INTEGER, n INTEGER, dataset INTEGER, ordinal INTEGER,
  number NUMERIC, text TEXT, time INTEGER, ref TEXT,
  PRIMARY KEY(tenant, type, attr, n, dataset, ordinal)) WITHOUT ROWID;
CREATE INDEX attribute_number ON attribute(tenant, type, attr, number) WHERE number IS NOT NULL;
CREATE INDEX attribute_text ON attribute(tenant, type, attr, text) WHERE text IS NOT NULL;
CREATE INDEX attribute_time ON attribute(tenant, type, attr, time) WHERE time IS NOT NULL;
CREATE INDEX attribute_ref ON attribute(tenant, attr, ref) WHERE ref IS NOT NULL;
CREATE TABLE tally(tenant INTEGER, type INTEGER, count INTEGER NOT NULL, PRIMARY KEY(tenant, type)) WITHOUT ROWID;
CREATE VIRTUAL TABLE box USING rtree(id, west, east, south, north, +lon, +lat, +shape);
CREATE TABLE history(
  seq INTEGER, attr INTEGER, dataset INTEGER, n INTEGER NOT NULL, at INTEGER NOT NULL, moment INTEGER NOT NULL,
  observed INTEGER NOT NULL, op INTEGER NOT NULL, number NUMERIC, value TEXT,
  PRIMARY KEY(seq, attr, dataset)) WITHOUT ROWID;
"""

# former: types of entities that have only a past. forgotten: what was taken out of the past up to a number, of an
# attribute (-1: all) and a data set (-1: all). amended: rows that stand in the place of history rows, or strike them.
LATER = """
DROP INDEX IF EXISTS history_of;
CREATE INDEX history_of ON history(n, attr, moment, number, observed, op);
CREATE TABLE IF NOT EXISTS archive(
  day TEXT PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL,
  size INTEGER NOT NULL, row_count INTEGER NOT NULL, content TEXT NOT NULL, first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL, first_moment INTEGER NOT NULL, last_moment INTEGER NOT NULL, entry INTEGER NOT NULL,
  dropped INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('archived', 0), ('archive', 0);
CREATE TABLE IF NOT EXISTS tenant(name TEXT PRIMARY KEY, made INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS former(
  tenant INTEGER, type INTEGER, id TEXT, n INTEGER NOT NULL, PRIMARY KEY(tenant, type, id)) WITHOUT ROWID;
INSERT OR IGNORE INTO former SELECT tenant, type, id, n FROM entity WHERE alive = 0;
CREATE TABLE IF NOT EXISTS forgotten(
  n INTEGER, attr INTEGER, dataset INTEGER, seq INTEGER NOT NULL, PRIMARY KEY(n, attr, dataset)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS amended(
  seq INTEGER, attr INTEGER, dataset INTEGER, n INTEGER NOT NULL, at INTEGER NOT NULL, moment INTEGER NOT NULL,
  observed INTEGER NOT NULL, op INTEGER NOT NULL, number NUMERIC, value TEXT, modified INTEGER NOT NULL,
  PRIMARY KEY(seq, attr, dataset)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS amended_of ON amended(n, attr);
CREATE TABLE IF NOT EXISTS document(
  tenant TEXT, kind TEXT, id TEXT, n INTEGER NOT NULL, body TEXT NOT NULL, reached INTEGER, state TEXT NOT NULL,
  PRIMARY KEY(kind, tenant, id)) WITHOUT ROWID;
UPDATE meta SET value = 3 WHERE key = 'version';
"""

LOAD = """
SELECT e.n, e.id, e.alive, e.created, e.modified, e.state, e.stamps FROM json_each(?) j
CROSS JOIN entity e ON e.tenant = ? AND e.id = j.value"""
SAVE = """
INSERT INTO entity(n, tenant, alive, type, id, created, modified, state, stamps) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT(n) DO UPDATE SET alive = excluded.alive, type = excluded.type, created = excluded.created,
modified = excluded.modified, state = excluded.state, stamps = excluded.stamps"""
LEAF_GONE = """
DELETE FROM attribute WHERE tenant = ? AND type = ? AND attr = ? AND n = ? AND dataset = ? AND ordinal = ?"""
LEAF_SET = """
INSERT INTO attribute(tenant, type, attr, n, dataset, ordinal, number, text, time, ref)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT(tenant, type, attr, n, dataset, ordinal) DO UPDATE SET
number = excluded.number, text = excluded.text, time = excluded.time, ref = excluded.ref"""
KIND_GONE = "DELETE FROM kind WHERE tenant = ? AND type = ? AND id = ?"
FORMER_GONE = "DELETE FROM former WHERE tenant = ? AND type = ? AND id = ?"
FORMER_SET = "INSERT OR REPLACE INTO former(tenant, type, id, n) VALUES (?, ?, ?, ?)"
KIND_SET = "INSERT OR REPLACE INTO kind(tenant, type, id, n) VALUES (?, ?, ?, ?)"
TALLY = """
INSERT INTO tally(tenant, type, count) VALUES (?, ?, ?)
ON CONFLICT(tenant, type) DO UPDATE SET count = count + excluded.count"""
BOX_GONE = "DELETE FROM box WHERE id = ?"
BOX_SET = "INSERT OR REPLACE INTO box(id, west, east, south, north, lon, lat, shape) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
HISTORY = """
INSERT INTO history(seq, attr, dataset, n, at, moment, observed, op, number, value)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
