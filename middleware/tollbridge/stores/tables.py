"""The tables, for SQLAlchemy.  `migrations` makes them; a test keeps the two equal.

Times are microseconds since the epoch, money is nano-dollars, both whole numbers. Only the digest of a secret is here.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
)

metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


token = Table(
    "token",
    metadata,
    Column("id", Text, primary_key=True),
    _text("name"),
    _text("kind"),
    _text("owner"),
    _text("team"),
    _text("scopes"),
    _text("hint"),
    _count("created_at"),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("last_used_from", Text),
    Column("requests_per_minute", BigInteger),
    Column("tokens_per_minute", BigInteger),
    Column("concurrency", BigInteger),
    Column("budget_amount", BigInteger),
    Column("budget_period", Text),
    Column("environment", Text, nullable=False, server_default="live"),
    Column("parent", Text, nullable=False, server_default=""),
    Column("disabled_at", BigInteger),
    Column("disabled_with", Text),  # the token above it that was disabled; its own id where it was itself
    Column("networks", Text, nullable=False, server_default=""),
    Column("hours", Text, nullable=False, server_default=""),
    Column("bounds", Text, nullable=False, server_default=""),  # scopes of those above it, a line each
    Column("conditions", Text, nullable=False, server_default=""),  # its own and those of those above it, as JSON
    Column("above", Text, nullable=False, server_default=""),  # those above it with limits and budgets, as JSON
    Column("tags", Text, nullable=False, server_default=""),
    Column("metadata", Text, nullable=False, server_default="{}"),
    Column("canary", Boolean, nullable=False, server_default=false()),
    Column("rotate_days", Integer),
    Column("last_used_for", Text),
    Index("ix_token_parent", "parent"),
    sqlite_with_rowid=False,
)

turn = Table(
    "turn",
    metadata,
    Column("name", Text, primary_key=True),
    _count("number"),  # goes up with every change made in turn
    sqlite_with_rowid=False,
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _count("at"),
    _text("actor"),
    _text("via"),
    _text("client"),
    _text("call_id"),
    _text("action"),
    _text("target"),
    _text("before"),  # JSON, null for what was not there
    _text("after"),
    Column("previous", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Index("ix_audit_target", "target", "number"),
    Index("ix_audit_actor", "actor", "number"),
)

own_key = Table(
    "own_key",
    metadata,
    Column("name", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),  # sealed
    sqlite_with_rowid=False,
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    _text("run"),
    _count("lease_ends_at"),
    _count("ends_at"),
    Column("content", LargeBinary, nullable=False),  # sealed, or empty while it is being done
    Index("ix_idempotency_ends_at", "ends_at"),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("kid", Text, primary_key=True),
    _text("used_for"),
    _text("algorithm"),
    _count("made_at"),
    _text("public"),  # a JWK
    Column("content", LargeBinary, nullable=False),  # sealed
    Index("ix_signing_key_used_for", "used_for", "made_at"),
    sqlite_with_rowid=False,
)

secret = Table(
    "secret",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("token_id", Text, ForeignKey("token.id"), nullable=False),
    _text("pepper_id"),
    _count("created_at"),
    Column("expires_at", BigInteger),
    Column("hint", Text, nullable=False, server_default=""),
    Index("ix_secret_token_id", "token_id"),
    sqlite_with_rowid=False,
)

budget = Table(
    "budget",
    metadata,
    Column("id", Text, primary_key=True),
    _count("spent"),
    _count("reserved"),
    CheckConstraint("spent >= 0", "spent"),
    CheckConstraint("reserved >= 0", "reserved"),
    sqlite_with_rowid=False,
)

reservation = Table(
    "reservation",
    metadata,
    Column("call_id", Text, primary_key=True),
    _text("token_id"),
    _count("amount"),
    _text("budgets"),  # JSON list of budget ids: what is reserved can be summed from the rows
    _count("expires_at"),
    CheckConstraint("amount >= 0", "amount"),
    sqlite_with_rowid=False,
)

kept_answer = Table(
    "kept_answer",
    metadata,
    Column("id", Text, primary_key=True),
    _text("token_id"),
    _text("provider"),
    _text("model"),
    _count("at"),
    _count("ends_at"),
    _text("before"),
    Column("content", LargeBinary, nullable=False),  # sealed, or empty
    Index("ix_kept_answer_ends_at", "ends_at"),
)

kept_item = Table(
    "kept_item",
    metadata,
    Column("answer_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    _count("place"),
    Index("ix_kept_item_id", "id"),
    sqlite_with_rowid=False,
)

usage = Table(
    "usage",
    metadata,
    Column("call_id", Text, primary_key=True),
    _count("at"),
    _text("token_id"),
    _text("team"),
    _text("service"),
    _text("operation"),
    _text("dialect"),
    _text("provider"),
    _text("model"),
    _text("model_used"),
    _text("outcome"),
    Column("status", Integer, nullable=False),
    _text("error"),
    Column("stream", Boolean, nullable=False),
    _count("input_tokens"),
    _count("cache_read_tokens"),
    _count("cache_write_tokens"),
    _count("cache_write_1h_tokens"),
    _count("audio_input_tokens"),
    _count("image_input_tokens"),
    _count("output_tokens"),
    _count("audio_output_tokens"),
    _count("reasoning_tokens"),
    _text("usage_source"),
    Column("cost", BigInteger),
    _text("price_id"),
    _count("duration_ms"),
    Column("first_byte_ms", BigInteger),
    _count("bytes_in"),
    _count("bytes_out"),
    Column("server_tool_calls", BigInteger, nullable=False, server_default="0"),
    Index("ix_usage_at", "at"),
    Index("ix_usage_token_id_at", "token_id", "at"),
)
