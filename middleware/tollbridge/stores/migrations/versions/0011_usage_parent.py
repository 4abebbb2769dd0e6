"""Calls that were made for another call."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("usage", sa.Column("parent", TEXT, nullable=False, server_default=""))
