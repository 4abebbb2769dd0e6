"""What trials of releases gave."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "evaluation",
        sa.Column("release_id", TEXT, sa.ForeignKey("release.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", TEXT, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("report", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
