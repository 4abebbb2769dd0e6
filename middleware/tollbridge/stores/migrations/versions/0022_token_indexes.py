"""Indexes that lists of tokens, their counts and searches are read from, without the tokens themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_STATE = ("kind", "team", "revoked_at", "disabled_at", "expires_at")
_BUDGETED = sa.text("budget_amount IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_token_state", "token", [*_STATE, "last_used_at", "created_at"])
    op.create_index(
        "ix_token_budget",
        "token",
        [*_STATE, "budget_period", "budget_amount"],
        sqlite_where=_BUDGETED,
        postgresql_where=_BUDGETED,
    )
    op.create_index("ix_token_words", "token", ["id", "name", "owner", "kind", "team"])
