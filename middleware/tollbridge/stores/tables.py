"""The tables of tokens, calls and kept answers, for SQLAlchemy.  `migrations` makes them; a test keeps the two equal.

What the columns hold is said in `columns`.
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
    Table,
    Text,
    false,
)
from sqlalchemy import text as plain

from tollbridge.stores.columns import count, metadata, text

_STATE, _WHOSE = ("expires_at", "disabled_at", "revoked_at"), ("kind", "team")
_LIVE, _ON = "revoked_at IS NULL", "revoked_at IS NULL AND disabled_at IS NULL"


def _of_some(name: str, which: str, *columns: str) -> Index:
    """Make an index of those tokens alone that this holds for: counts of them are read from it, and of nothing else.

    For that it has each column that is asked about, of which some are null throughout.
    """
    return Index(f"ix_token_{name}", *columns, sqlite_where=plain(which), postgresql_where=plain(which))


token = Table(
    "token",
    metadata,
    Column("id", Text, primary_key=True),
    text("name"),
    text("kind"),
    text("owner"),
    text("team"),
    text("scopes"),
    text("hint"),
    count("created_at"),
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
    Column("beside", Text, nullable=False, server_default=""),  # the other one above it: a grant's client, or a team
    Column("unused_told_at", BigInteger),  # when somebody was told that nobody uses it
    Index("ix_token_parent", "parent"),
    Index("ix_token_beside", "beside"),
    Index("ix_token_kind", "kind", "team"),
    _of_some("revoked", "revoked_at IS NOT NULL", "revoked_at", *_WHOSE),
    _of_some("ending", f"{_LIVE} AND expires_at IS NOT NULL", *_STATE, *_WHOSE),
    _of_some("disabled", f"{_LIVE} AND disabled_at IS NOT NULL", *_STATE, *_WHOSE),
    _of_some("used", _ON, "last_used_at", "created_at", *_STATE, *_WHOSE),
    _of_some("budget", f"{_ON} AND budget_amount IS NOT NULL", *_STATE, *_WHOSE, "budget_period", "budget_amount"),
    Index("ix_token_words", "id", "name", "owner", "kind", "team"),
    sqlite_with_rowid=False,
)

turn = Table(
    "turn",
    metadata,
    Column("name", Text, primary_key=True),
    count("number"),  # goes up with every change made in turn
    sqlite_with_rowid=False,
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    count("at"),
    text("actor"),
    text("via"),
    text("client"),
    text("call_id"),
    text("action"),
    text("target"),
    text("before"),  # JSON, null for what was not there
    text("after"),
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
    text("run"),
    count("lease_ends_at"),
    count("ends_at"),
    Column("content", LargeBinary, nullable=False),  # sealed, or empty while it is being done
    Column("abandoned", Text, nullable=False, server_default=""),  # attempts that neither finished nor gave up
    Index("ix_idempotency_ends_at", "ends_at"),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("kid", Text, primary_key=True),
    text("used_for"),
    text("algorithm"),
    count("made_at"),
    text("public"),  # a JWK
    Column("content", LargeBinary, nullable=False),  # sealed
    Index("ix_signing_key_used_for", "used_for", "made_at"),
    sqlite_with_rowid=False,
)

secret = Table(
    "secret",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("token_id", Text, ForeignKey("token.id"), nullable=False),
    text("pepper_id"),
    count("created_at"),
    Column("expires_at", BigInteger),
    Column("hint", Text, nullable=False, server_default=""),
    Column("use", Text, nullable=False, server_default=""),  # a `SecretUse`
    Column("scopes", Text, nullable=False, server_default=""),  # of an access token, what it may do of the token's
    Column("warned_days", Integer),  # how many days before its end somebody was last told of it
    Index("ix_secret_token_id", "token_id"),
    Index("ix_secret_expires_at", "expires_at"),
    sqlite_with_rowid=False,
)

budget = Table(
    "budget",
    metadata,
    Column("id", Text, primary_key=True),
    count("spent"),
    count("reserved"),
    CheckConstraint("spent >= 0", "spent"),
    CheckConstraint("reserved >= 0", "reserved"),
    sqlite_with_rowid=False,
)

reservation = Table(
    "reservation",
    metadata,
    Column("call_id", Text, primary_key=True),
    text("token_id"),
    count("amount"),
    text("budgets"),  # JSON list of budget ids: what is reserved can be summed from the rows
    count("expires_at"),
    CheckConstraint("amount >= 0", "amount"),
    sqlite_with_rowid=False,
)

kept_answer = Table(
    "kept_answer",
    metadata,
    Column("id", Text, primary_key=True),
    text("token_id"),
    text("provider"),
    text("model"),
    count("at"),
    count("ends_at"),
    text("before"),
    Column("content", LargeBinary, nullable=False),  # sealed, or empty
    Index("ix_kept_answer_ends_at", "ends_at"),
)

kept_item = Table(
    "kept_item",
    metadata,
    Column("answer_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    count("place"),
    Index("ix_kept_item_id", "id"),
    sqlite_with_rowid=False,
)

_NO_MODEL, _APPLIED = plain("service <> 'ai'"), plain("application <> ''")
"""Rows with a place of their own among those of their service, or application: a call to a model alone writes none."""
_WRONG, _INNER = plain("status >= 400"), plain("parent <> ''")
"""Calls that went wrong, and those that were made for others: few, and looked for among all."""

usage = Table(
    "usage",
    metadata,
    Column("call_id", Text, primary_key=True),
    count("at"),
    text("token_id"),
    text("team"),
    text("service"),
    text("operation"),
    text("dialect"),
    text("provider"),
    text("model"),
    text("model_used"),
    text("outcome"),
    Column("status", Integer, nullable=False),
    text("error"),
    Column("stream", Boolean, nullable=False),
    count("input_tokens"),
    count("cache_read_tokens"),
    count("cache_write_tokens"),
    count("cache_write_1h_tokens"),
    count("audio_input_tokens"),
    count("image_input_tokens"),
    count("output_tokens"),
    count("audio_output_tokens"),
    count("reasoning_tokens"),
    text("usage_source"),
    Column("cost", BigInteger),
    text("price_id"),
    count("duration_ms"),
    Column("first_byte_ms", BigInteger),
    count("bytes_in"),
    count("bytes_out"),
    Column("server_tool_calls", BigInteger, nullable=False, server_default="0"),
    Column("parent", Text, nullable=False, server_default=""),  # the call that this one was made for
    Column("application", Text, nullable=False, server_default=""),  # of who called
    Column("release", Text, nullable=False, server_default=""),  # of the published service
    Index("ix_usage_at", "at"),
    Index("ix_usage_token_id_at", "token_id", "at"),
    Index("ix_usage_service_at", "service", "at", sqlite_where=_NO_MODEL, postgresql_where=_NO_MODEL),
    Index("ix_usage_application_at", "application", "at", sqlite_where=_APPLIED, postgresql_where=_APPLIED),
    Index("ix_usage_wrong_at", "at", sqlite_where=_WRONG, postgresql_where=_WRONG),
    Index("ix_usage_parent", "parent", sqlite_where=_INNER, postgresql_where=_INNER),
)
