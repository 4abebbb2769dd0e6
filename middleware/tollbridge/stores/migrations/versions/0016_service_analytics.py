"""Who called which release of a service, and which objectives are told to be missed."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    for name in ("application", "release"):
        op.add_column("usage", sa.Column(name, TEXT, nullable=False, server_default=""))
    for name, which in (("service", "service <> 'ai'"), ("application", "application <> ''")):
        some, columns = sa.text(which), [name, "at"]
        op.create_index(f"ix_usage_{name}_at", "usage", columns, sqlite_where=some, postgresql_where=some)
    op.create_table(
        "slo_alarm",
        sa.Column("service_id", TEXT, sa.ForeignKey("service.id"), primary_key=True),
        sa.Column("slo", TEXT, primary_key=True),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
