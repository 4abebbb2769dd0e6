"""What the gateway does by itself, and secrets it keeps for providers."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0010"
down_revision = "0009"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _moment(name: str) -> sa.Column[int | None]:
    return sa.Column(name, sa.BigInteger)


def _sealed(name: str = "content") -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def upgrade() -> None:
    _add_jobs()
    _add_webhooks()
    _add_rotation()


def _add_jobs() -> None:
    op.create_table(
        "job",
        sa.Column("name", TEXT, primary_key=True),
        _count("due_at"),
        _text("runner"),
        _count("lease_ends_at"),
        _moment("began_at"),
        _moment("ended_at"),
        _text("outcome"),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("hurried", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )


def _add_webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", TEXT, primary_key=True),
        _text("name"),
        _text("url"),
        _text("events"),
        _text("team"),
        sa.Column("allow_private", sa.Boolean, nullable=False),
        _sealed(),
        _count("created_at"),
        _moment("disabled_at"),
        _count("rests_until"),
        _moment("failing_since"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivery",
        sa.Column("id", TEXT, primary_key=True),
        _text("webhook_id"),
        _text("event"),
        _text("said"),
        _sealed(),
        _count("created_at"),
        _count("due_at"),
        sa.Column("attempts", sa.Integer, nullable=False),
        _moment("ended_at"),
        _text("outcome"),
        _text("runner"),
        _count("lease_ends_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_delivery_ended_at", "delivery", ["ended_at"])
    op.create_index("ix_delivery_due_at", "delivery", ["webhook_id", "ended_at", "due_at"])
    op.create_index("ix_delivery_webhook_id", "delivery", ["webhook_id", "id"])
    op.create_index("ix_delivery_waiting", "delivery", ["webhook_id", "ended_at", "id"])
    op.create_index("ix_delivery_runner", "delivery", ["webhook_id", "runner"])


def _add_rotation() -> None:
    op.add_column("secret", sa.Column("warned_days", sa.Integer))
    op.add_column("token", sa.Column("unused_told_at", sa.BigInteger))
    op.add_column("idempotency", sa.Column("abandoned", TEXT, nullable=False, server_default=""))
    op.create_table(
        "auto_rotation",
        sa.Column("token_id", TEXT, sa.ForeignKey("token.id"), primary_key=True),
        _text("into"),
        _count("days_before"),
        _count("overlap_s"),
        _moment("done_at"),
        _text("set_by"),
        _text("failure"),
        _moment("again_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "handover",
        sa.Column("token_id", TEXT, sa.ForeignKey("token.id"), primary_key=True),
        _text("id"),
        _text("into"),
        _count("overlap_s"),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        _sealed(),
        _moment("others_end_at"),
        _count("created_at"),
        _count("due_at"),
        sa.Column("attempts", sa.Integer, nullable=False),
        _text("failure"),
        _text("set_by"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "secret_file",
        sa.Column("path", TEXT, primary_key=True),
        sa.Column("token_id", TEXT, sa.ForeignKey("token.id"), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_secret_file_token_id", "secret_file", ["token_id"])
    op.create_table(
        "stored_secret",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        _text("provider"),
        _text("hint"),
        _text("known_as"),
        _sealed(),
        _count("created_at"),
        _moment("expires_at"),
        _moment("warned_at"),
        _moment("last_used_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stored_secret_newest",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
