"""Answers that callers come back to."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0003"
down_revision = "0002"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("id", TEXT, primary_key=True),
        _text("token_id"),
        _text("provider"),
        _text("model"),
        _count("at"),
        _count("ends_at"),
        _text("before"),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_kept_answer_ends_at", "kept_answer", ["ends_at"])
    op.create_table(
        "kept_item",
        sa.Column("answer_id", TEXT, primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
        _count("place"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_kept_item_id", "kept_item", ["id"])
