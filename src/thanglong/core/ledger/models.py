"""Tables of the ledger. Entries, leaves, nodes and heads are append-only by trigger (``stores.guards``)."""

from django.db import models


class Entry(models.Model):
    """One entry. ``body`` is the truth (canonical JSON without the id); the other columns are copies to search by."""

    at = models.DateTimeField()
    verb = models.CharField(max_length=80)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=100)
    unit = models.UUIDField(null=True)
    body = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["object_kind", "object_id", "id"], name="ledger_entry_object")]


class Pending(models.Model):
    """An entry that no head covers yet. Rows are made by a trigger and removed by sealing."""

    entry_id = models.BigIntegerField(primary_key=True)


class Tree(models.Model):
    """The tree of one year: its name in what is signed, and the place of its first leaf. Never changed: a tree is
    closed by the next one."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    origin = models.CharField(max_length=80, unique=True)
    start = models.BigIntegerField(unique=True)


class Leaf(models.Model):
    """Place of an entry among the leaves of all years, counted from 0, and its leaf hash."""

    index = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    hash = models.BinaryField(max_length=32)


class Node(models.Model):
    """Hash of a complete block of 2**level leaves of a tree: levels 8, 16, 24 … are kept, the rest is near."""

    tree = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tree", "level", "index"], name="ledger_node_spot")]


class Head(models.Model):
    """A signed tree head."""

    tree = models.PositiveSmallIntegerField()
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tree", "size"], name="ledger_head_size")]


class Stamp(models.Model):
    """A time stamp (RFC 3161) over the signed text of a head."""

    tree = models.PositiveSmallIntegerField()
    size = models.BigIntegerField()
    at = models.DateTimeField()
    authority = models.CharField(max_length=300)
    token = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tree", "size"], name="ledger_stamp_once")]


class Salt(models.Model):
    """The salt of one commitment. Deleting it makes the value unknowable and leaves every proof valid."""

    entry_id = models.BigIntegerField()
    name = models.CharField(max_length=40)
    salt = models.BinaryField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry_id", "name"], name="ledger_salt_once")]


class Turn(models.Model):
    """One row that whoever seals locks first, so that sealers take turns; writers never touch it."""

    id = models.PositiveSmallIntegerField(primary_key=True)
