"""The calls of tools that a provider runs itself."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("usage", sa.Column("server_tool_calls", sa.BigInteger, nullable=False, server_default="0"))
