"""The audit log, and the gateway's own keys, sealed."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0005"
down_revision = "0004"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        _text("actor"),
        _text("via"),
        _text("client"),
        _text("call_id"),
        _text("action"),
        _text("target"),
        _text("before"),
        _text("after"),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "own_key",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_target", "audit", ["target", "number"])
    op.create_index("ix_audit_actor", "audit", ["actor", "number"])
