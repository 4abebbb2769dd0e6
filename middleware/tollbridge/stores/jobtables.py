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
    Column("hurried", Boolean, nullable=False),  # since it was taken: it runs once more
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
    count("rests_until"),  # it did not answer, so that nothing is sent before
    moment("failing_since"),  # nothing arrived since
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
    Index("ix_delivery_ended_at", "ended_at"),
    Index("ix_delivery_due_at", "webhook_id", "ended_at", "due_at"),
    Index("ix_delivery_webhook_id", "webhook_id", "id"),
    Index("ix_delivery_waiting", "webhook_id", "ended_at", "id"),
    Index("ix_delivery_runner", "webhook_id", "runner"),
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
    text("set_by"),  # the token of whoever set it, empty for the operator of the machine
    text("failure"),  # why it was not begun when it was due
    moment("again_at"),  # when it is looked at again then
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
    text("set_by"),
    sqlite_with_rowid=False,
)

secret_file = Table(
    "secret_file",
    metadata,
    Column("path", Text, primary_key=True),
    Column("token_id", Text, ForeignKey("token.id"), nullable=False),  # whose secret lies there
    Index("ix_secret_file_token_id", "token_id"),
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

stored_secret_newest = Table(  # outlives the versions themselves: no number is used twice
    "stored_secret_newest",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    sqlite_with_rowid=False,
)
