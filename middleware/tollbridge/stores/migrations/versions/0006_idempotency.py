"""First answers to requests that carry a key."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "idempotency",
        sa.Column("caller", TEXT, primary_key=True),
        sa.Column("key", TEXT, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("run", TEXT, nullable=False),
        sa.Column("lease_ends_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_idempotency_ends_at", "idempotency", ["ends_at"])
