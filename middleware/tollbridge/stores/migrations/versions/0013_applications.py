"""Applications."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "application",
        sa.Column("id", TEXT, primary_key=True),
        *(sa.Column(name, TEXT, nullable=False) for name in ("owner", "description", "scopes", "subscribed")),
        sqlite_with_rowid=False,
    )
