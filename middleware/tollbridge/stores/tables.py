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
