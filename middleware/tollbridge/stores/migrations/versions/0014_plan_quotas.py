"""Quotas of calls in plans."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("plan", sa.Column("quota_calls", sa.BigInteger))
    op.add_column("plan", sa.Column("quota_period", TEXT))
