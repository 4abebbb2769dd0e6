"""Since when a release is watched: not from when it was published where it is promoted later."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("release", sa.Column("watched_from", sa.BigInteger))
