from django.db import models
from django.db.models import Q


class Definition(models.Model):
    """A case type's version as it was when first used; never changed, so that old cases stay readable."""

    key = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="case_definition_once")]


class Counter(models.Model):
    """The next number of a prefix and year. Lane 0 hands out blocks; lanes above hold one block each (PostgreSQL)."""

    prefix = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    lane = models.PositiveSmallIntegerField(default=0)
    next = models.PositiveIntegerField(default=1)
    end = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "year", "lane"], name="case_counter_once")]


class Case(models.Model):
    """One case. ``kind`` repeats the state's kind so that the queue is one indexed query."""

    id = models.UUIDField(primary_key=True)
    number = models.CharField(max_length=30, unique=True)
    type = models.CharField(max_length=60)
    type_version = models.PositiveIntegerField()
    key = models.CharField(max_length=120, null=True)
    state = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    unit = models.UUIDField()
    assignee = models.UUIDField(null=True)
    assignee_label = models.CharField(max_length=200, default="")
    subject = models.CharField(max_length=300)
    data = models.JSONField(default=dict)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    address = models.CharField(max_length=300, default="")
    search = models.TextField(default="")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    state_since = models.DateTimeField()
    responded_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField(null=True)
    level = models.PositiveSmallIntegerField(default=0)
    reopened = models.PositiveSmallIntegerField(default=0)
    rating = models.PositiveSmallIntegerField(null=True)
    version = models.PositiveIntegerField(default=1)
    ledger_entry = models.BigIntegerField(null=True)
    # the ledger entry of the opening: unique, ascending with time, known before the row is written; the word index
    # knows the case by it
    opening = models.BigIntegerField(null=True)
    paused = models.CharField(max_length=20, default="")
    paused_until = models.DateTimeField(null=True)
    returned = models.PositiveSmallIntegerField(default=0)
    avoidable = models.PositiveSmallIntegerField(default=0)
    documents_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opening"], name="case_opening_once"),
            models.UniqueConstraint(fields=["type", "key"], condition=Q(key__isnull=False), name="case_once_per_key"),
        ]
        indexes = [
            models.Index(fields=["unit", "due_at", "id"], condition=Q(closed_at__isnull=True), name="case_queue_unit"),
            models.Index(fields=["due_at", "id"], condition=Q(closed_at__isnull=True), name="case_queue_city"),
            models.Index(
                fields=["unit", "type", "kind", "due_at", "assignee"],
                condition=Q(closed_at__isnull=True),
                name="case_counts",
            ),
            models.Index(fields=["assignee", "due_at"], condition=Q(closed_at__isnull=True), name="case_mine"),
            models.Index(fields=["check_at"], condition=Q(check_at__isnull=False), name="case_check"),
            models.Index(fields=["unit", "closed_at"], name="case_closed"),
            models.Index(fields=["-closed_at", "id"], condition=Q(closed_at__isnull=False), name="case_closed_city"),
            models.Index(fields=["type", "-opened_at", "-id"], name="case_listed"),
            models.Index(fields=["type", "unit", "opened_at"], name="case_opened"),
            models.Index(fields=["type", "unit", "closed_at"], name="case_type_closed"),
            models.Index(fields=["lat", "lon"], name="case_place"),
            models.Index(
                fields=["documents_until"], condition=Q(documents_until__isnull=False), name="case_documents_until"
            ),
        ]


class Reporter(models.Model):
    """Personal data of the person behind a case, and the secret that opens it for them."""

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="reporter")
    secret = models.CharField(max_length=64)
    account = models.UUIDField(null=True)
    name = models.CharField(max_length=200, default="")
    email = models.CharField(max_length=254, default="")
    phone = models.CharField(max_length=30, default="")
    language = models.CharField(max_length=5, default="vi")
    confirmed_at = models.DateTimeField(null=True)
    erase_after = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="case_reporter_account"),
            models.Index(fields=["erase_after"], condition=Q(erase_after__isnull=False), name="case_reporter_erase"),
        ]


class Event(models.Model):
    """What happened to cases, in order. Rows are only ever added; ``seq`` is the cursor of the change log."""

    seq = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, models.PROTECT, related_name="events")
    verb = models.CharField(max_length=30)
    action = models.CharField(max_length=60, default="")
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200, default="")
    unit = models.UUIDField(null=True)
    text = models.TextField(default="")
    params = models.JSONField(default=dict)
    public = models.BooleanField(default=True)
    from_state = models.CharField(max_length=40, default="")
    to_state = models.CharField(max_length=40, default="")
    data = models.JSONField(default=dict)
    documents = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    ledger_entry = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "seq"], name="case_event_of")]


class Message(models.Model):
    """The free text of a message to or from the reporter, or of an internal note."""

    event = models.OneToOneField(Event, models.CASCADE, primary_key=True, related_name="message")
    body = models.TextField()


class Document(models.Model):
    """A file: before it belongs to a case it is loose for a day, then swept away."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="documents")
    kind = models.CharField(max_length=40, default="photo")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    view = models.CharField(max_length=64, default="")
    thumb = models.CharField(max_length=64, default="")
    public = models.BooleanField(default=True)
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["case", "at"], name="case_document_of"),
            models.Index(fields=["at"], condition=Q(case__isnull=True), name="case_document_loose"),
            models.Index(fields=["digest"], name="case_document_digest"),
        ]


class ClockSegment(models.Model):
    """A stretch in which a case's clock ran or stood still."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="clock")
    running = models.BooleanField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="")
    remaining = models.IntegerField(null=True)
    basis = models.CharField(max_length=300, default="")
    note = models.TextField(default="")
    by = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["case", "started_at"], name="case_clock_of")]


class Follower(models.Model):
    """Somebody who wants to hear of a case: personal data."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="followers")
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=5, default="vi")
    secret = models.CharField(max_length=64)
    account = models.UUIDField(null=True)
    at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "channel", "address"], name="case_follower_once")]


class Opinion(models.Model):
    """What another unit was asked about a case, and what it said."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.PROTECT, related_name="opinions")
    unit = models.UUIDField()
    question = models.TextField()
    state = models.CharField(max_length=10, default="asked")
    late = models.BooleanField(default=False)
    consent = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200, default="")
    due_at = models.DateTimeField()
    verdict = models.CharField(max_length=10, default="")
    answer = models.TextField(default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, default="")
    documents = models.JSONField(default=list)

    class Meta:
        indexes = [
            models.Index(fields=["case", "asked_at"], name="case_opinion_of"),
            models.Index(fields=["unit", "due_at"], condition=Q(state="asked"), name="case_opinion_queue"),
            models.Index(fields=["due_at"], condition=Q(state="asked", late=False), name="case_opinion_late"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case", "unit"], condition=Q(state="asked"), name="case_opinion_once")
        ]


class Return(models.Model):
    """A case given back to the citizen, or proposed to be."""

    id = models.UUIDField(primary_key=True)
    case = models.ForeignKey(Case, models.PROTECT, related_name="returns")
    round = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.CharField(max_length=200, default="")
    by_id = models.UUIDField(null=True)
    action = models.CharField(max_length=60)
    reason = models.TextField(default="")
    approved_by = models.CharField(max_length=200, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "round"], condition=~Q(state="refused"), name="case_return_once"),
        ]


class Finding(models.Model):
    """One fault of a return, with the citizen's answer: erased with the personal data."""

    id = models.UUIDField(primary_key=True)
    of = models.ForeignKey(Return, models.CASCADE, related_name="findings")
    position = models.PositiveSmallIntegerField()
    about = models.CharField(max_length=10)
    target = models.CharField(max_length=100)
    wrong = models.TextField()
    remedy = models.TextField()
    basis = models.CharField(max_length=300, default="")
    found_by = models.CharField(max_length=10, default="person")
    avoidable = models.BooleanField(default=False)
    answer = models.TextField(default="")
    documents = models.JSONField(default=list)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["of", "position"], name="case_finding_of")]


class Link(models.Model):
    """``source`` is a duplicate of, a part of, follows, or blocks ``target``."""

    source = models.ForeignKey(Case, models.PROTECT, related_name="links_out")
    target = models.ForeignKey(Case, models.PROTECT, related_name="links_in")
    kind = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target", "kind"], name="case_link_once")]


class Hold(models.Model):
    """A legal hold on a case: while it stands, nothing of it is erased."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="holds")
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.CharField(max_length=200, default="")
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["case"], condition=Q(released_at__isnull=True), name="case_hold_standing")]


class DecisionModel(models.Model):
    """A decision model's version as it was when a case first used it; never changed, so that old cases keep their
    rules."""

    key = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    source = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="case_decision_model_once")]


class DecisionTaken(models.Model):
    """What a decision model said about a case, with the inputs it saw: enough to tell why, years later."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="decisions")
    model = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    decision = models.CharField(max_length=200)
    at = models.DateTimeField()
    inputs = models.JSONField(default=dict)
    value = models.JSONField(null=True)
    rules = models.JSONField(default=list)
    ledger_entry = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "id"], name="case_decision_of")]
