"""The tables of services and their releases, for SQLAlchemy."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from tollbridge.stores.columns import count, metadata, moment, text

service = Table(
    "service",
    metadata,
    Column("id", Text, primary_key=True),
    text("slug"),
    text("kind"),
    text("team"),
    text("name"),  # of the draft, to be searched for
    Column("design", LargeBinary, nullable=False),  # the draft, in JSON
    Column("revision", Integer, nullable=False),
    text("live"),  # the release that serves who asks for no version
    count("created_at"),
    count("changed_at"),
    moment("deprecated_at"),
    moment("sunset_at"),
    moment("retired_at"),
    text("successor"),
    moment("paused_at"),
    text("paused_why", ""),
    Index("ix_service_slug", "slug", unique=True),  # also of those that are retired: nobody else gets their callers
    Index("ix_service_team", "team", "slug"),
    sqlite_with_rowid=False,
)

release = Table(
    "release",
    metadata,
    Column("id", Text, primary_key=True),
    Column("service_id", Text, ForeignKey("service.id"), nullable=False),
    Column("number", Integer, nullable=False),
    text("version"),
    Column("digest", LargeBinary, nullable=False),
    Column("design", LargeBinary, nullable=False),
    text("note"),
    text("state"),
    Column("approved", Boolean, nullable=False),  # before, and neither withdrawn nor refused since
    count("created_at"),
    text("created_by"),
    text("asked_by"),
    text("asked_why"),
    text("decided_by"),
    text("decided_why"),
    moment("publish_at"),
    moment("published_at"),
    moment("ended_at"),
    moment("watched_until"),  # until then it is taken back where its calls fail
    text("instead_of"),  # the release that served before it
    moment("watched_from"),  # null with `watched_until`: from when it was published
    Index("ix_release_number", "service_id", "number", unique=True),
    Index("ix_release_state", "state", "publish_at"),
    sqlite_with_rowid=False,
)

evaluation = Table(
    "evaluation",
    metadata,
    Column("release_id", Text, ForeignKey("release.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    count("made_at"),
    text("made_by"),
    Column("passed", Boolean, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the design that was tried
    Column("report", LargeBinary, nullable=False),  # models and cases, in JSON
    sqlite_with_rowid=False,
)

plan = Table(
    "plan",
    metadata,
    Column("name", Text, primary_key=True),
    text("title"),
    text("description"),
    Column("requests_per_minute", BigInteger),
    Column("tokens_per_minute", BigInteger),
    Column("concurrency", BigInteger),
    Column("budget_amount", BigInteger),
    Column("budget_period", Text),
    Column("price_per_call", BigInteger),
    text("models"),  # globs, a line each
    count("created_at"),
    moment("ended_at"),
    Column("quota_calls", BigInteger),
    Column("quota_period", Text),
    text("policies", default=""),  # JSON, empty for none
    sqlite_with_rowid=False,
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    text("application"),
    Column("service_id", Text, ForeignKey("service.id"), nullable=False),
    text("plan"),
    text("state"),
    text("why"),
    text("asked_by"),
    count("asked_at"),
    text("opinion"),
    text("decided_by"),
    moment("decided_at"),
    moment("expires_at"),
    moment("ended_at"),
    Index("ix_subscription_application", "application", "service_id", "state"),
    Index("ix_subscription_service", "service_id", "state"),
    Index("ix_subscription_expires_at", "state", "expires_at"),
    sqlite_with_rowid=False,
)

slo_alarm = Table(
    "slo_alarm",
    metadata,
    Column("service_id", Text, ForeignKey("service.id"), primary_key=True),
    Column("slo", Text, primary_key=True),  # the name of an objective whose budget burns too fast
    Column("level", Integer, nullable=False),
    count("since"),
    sqlite_with_rowid=False,
)
