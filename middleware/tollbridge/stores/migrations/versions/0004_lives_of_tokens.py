"""Two secrets a token, tokens minted by tokens, conditions, environments, canaries."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0004"
down_revision = "0003"


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False, server_default=default)


def upgrade() -> None:
    for column in (
        _text("environment", "live"),
        _text("parent"),
        sa.Column("disabled_at", sa.BigInteger),
        sa.Column("disabled_with", TEXT),
        _text("networks"),
        _text("hours"),
        _text("bounds"),
        _text("conditions"),
        _text("above"),
        _text("tags"),
        _text("metadata", "{}"),
        sa.Column("canary", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("rotate_days", sa.Integer),
        sa.Column("last_used_for", TEXT),
    ):
        op.add_column("token", column)
    op.create_index("ix_token_parent", "token", ["parent"])
    op.create_table(
        "turn",
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO turn (name, number) VALUES ('tokens', 0)")
    op.add_column("secret", _text("hint"))
    op.execute("UPDATE secret SET hint = (SELECT hint FROM token WHERE token.id = secret.token_id)")
