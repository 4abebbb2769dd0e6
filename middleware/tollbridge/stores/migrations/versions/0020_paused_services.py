"""Services that are paused, and why."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("service", sa.Column("paused_at", sa.BigInteger))
    op.add_column("service", sa.Column("paused_why", TEXT, nullable=False, server_default=""))
