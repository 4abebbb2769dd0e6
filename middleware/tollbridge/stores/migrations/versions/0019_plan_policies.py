"""Policies of plans."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("plan", sa.Column("policies", TEXT, nullable=False, server_default=""))
