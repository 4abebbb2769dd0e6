"""The tables of what the gateway does by itself, and of the secrets it keeps for providers, for SQLAlchemy."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from tollbridge.stores.columns import count, metadata, moment, sealed, text

job = Table(
    "job",
    metadata,
    Column("name", Text, primary_key=True),
    count("due_at"),
    text("runner"),  # who does it now, until the lease ends
    count("lease_ends_at"),
    moment("began_at"),
    moment("ended_at"),
    text("outcome"),
    Column("failures", Integer, nullable=False),  # in a row, until now
    sqlite_with_rowid=False,
)

webhook = Table(
    "webhook",
    metadata,
    Column("id", Text, primary_key=True),
    text("name"),
    text("url"),
    text("events"),
    text("team"),
    Column("allow_private", Boolean, nullable=False),
    sealed(),
    count("created_at"),
    moment("disabled_at"),
    sqlite_with_rowid=False,
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Text, primary_key=True),
    text("webhook_id"),
    text("event"),
    text("said"),  # the body, empty where it holds a secret and is sealed
    sealed(),
    count("created_at"),
    count("due_at"),
    Column("attempts", Integer, nullable=False),
    moment("ended_at"),
    text("outcome"),
    text("runner"),
    count("lease_ends_at"),
    Index("ix_delivery_due_at", "ended_at", "due_at"),
    Index("ix_delivery_webhook_id", "webhook_id", "id"),
    sqlite_with_rowid=False,
)

auto_rotation = Table(
    "auto_rotation",
    metadata,
    Column("token_id", Text, ForeignKey("token.id"), primary_key=True),
    text("into"),
    count("days_before"),
    count("overlap_s"),
    moment("done_at"),
    sqlite_with_rowid=False,
)

handover = Table(
    "handover",
    metadata,
    Column("token_id", Text, ForeignKey("token.id"), primary_key=True),
    text("id"),
    text("into"),
    count("overlap_s"),
    Column("digest", LargeBinary, nullable=False),  # of the secret that is to be handed over
    sealed(),
    moment("others_end_at"),  # when the secret before would have ended: until the new one is handed over it does not
    count("created_at"),
    count("due_at"),
    Column("attempts", Integer, nullable=False),
    text("failure"),
    sqlite_with_rowid=False,
)

stored_secret = Table(
    "stored_secret",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text("provider"),
    text("hint"),
    text("known_as"),  # its id at the provider, empty where a rotator did not make it
    sealed(),
    count("created_at"),
    moment("expires_at"),
    moment("warned_at"),
    moment("last_used_at"),
    sqlite_with_rowid=False,
)
