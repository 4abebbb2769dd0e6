"""Keys that the gateway signs with."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0007"
down_revision = "0006"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def upgrade() -> None:
    op.create_table(
        "signing_key",
        sa.Column("kid", TEXT, primary_key=True),
        _text("used_for"),
        _text("algorithm"),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        _text("public"),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_signing_key_used_for", "signing_key", ["used_for", "made_at"])
