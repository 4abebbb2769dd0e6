"""Invitations to teams."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("team", "email", "role", "inviter", "webhook")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created_at", "ends_at")),
        *(sa.Column(name, sa.BigInteger) for name in ("accepted_at", "withdrawn_at")),
        sa.Column("person_id", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_invitation_digest", "invitation", ["digest"], unique=True)
    op.create_index("ix_invitation_team", "invitation", ["team", "id"])
    op.create_index("ix_invitation_email", "invitation", ["email"])
    op.create_index("ix_invitation_ends_at", "invitation", ["ends_at"])
