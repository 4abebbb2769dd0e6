"""Tokens, their secrets, budgets, reservations and usage."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0001"
down_revision = None

_USAGE_IS_FINAL = {
    "sqlite": (
        """
        CREATE TRIGGER usage_is_final BEFORE UPDATE ON usage
        BEGIN SELECT RAISE(ABORT, 'usage rows are never changed'); END
        """,
    ),
    "postgresql": (
        """
        CREATE FUNCTION usage_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE integrity_constraint_violation USING MESSAGE = 'usage rows are never changed'; END
        $$
        """,
        "CREATE TRIGGER usage_is_final BEFORE UPDATE ON usage FOR EACH ROW EXECUTE FUNCTION usage_is_final()",
    ),
}


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def upgrade() -> None:
    _make_tokens()
    _make_ledger()
    _make_usage()
    for statement in _USAGE_IS_FINAL[op.get_bind().dialect.name]:
        op.execute(statement)


def _make_tokens() -> None:
    op.create_table(
        "token",
        sa.Column("id", TEXT, primary_key=True),
        _text("name"),
        _text("kind"),
        _text("owner"),
        _text("team"),
        _text("scopes"),
        _text("hint"),
        _count("created_at"),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("last_used_from", TEXT),
        sa.Column("requests_per_minute", sa.BigInteger),
        sa.Column("tokens_per_minute", sa.BigInteger),
        sa.Column("concurrency", sa.BigInteger),
        sa.Column("budget_amount", sa.BigInteger),
        sa.Column("budget_period", TEXT),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "secret",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("token_id", TEXT, sa.ForeignKey("token.id"), nullable=False),
        _text("pepper_id"),
        _count("created_at"),
        sa.Column("expires_at", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_secret_token_id", "secret", ["token_id"])


def _make_ledger() -> None:
    op.create_table(
        "budget",
        sa.Column("id", TEXT, primary_key=True),
        _count("spent"),
        _count("reserved"),
        sa.CheckConstraint("spent >= 0", name="spent"),
        sa.CheckConstraint("reserved >= 0", name="reserved"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reservation",
        sa.Column("call_id", TEXT, primary_key=True),
        _text("token_id"),
        _count("amount"),
        _text("budgets"),
        _count("expires_at"),
        sa.CheckConstraint("amount >= 0", name="amount"),
        sqlite_with_rowid=False,
    )


def _make_usage() -> None:
    op.create_table(
        "usage",
        sa.Column("call_id", TEXT, primary_key=True),
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
        sa.Column("status", sa.Integer, nullable=False),
        _text("error"),
        sa.Column("stream", sa.Boolean, nullable=False),
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
        sa.Column("cost", sa.BigInteger),
        _text("price_id"),
        _count("duration_ms"),
        sa.Column("first_byte_ms", sa.BigInteger),
        _count("bytes_in"),
        _count("bytes_out"),
    )
    op.create_index("ix_usage_at", "usage", ["at"])
    op.create_index("ix_usage_token_id_at", "usage", ["token_id", "at"])
