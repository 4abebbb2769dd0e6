"""Indexes that the biggest tokens of a month and of a day are read from, and how many tokens are in which state."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_RANKED = ("cost", "calls")
_LIVE, _ON = "revoked_at IS NULL", "revoked_at IS NULL AND disabled_at IS NULL"
_STATE, _WHOSE = ("expires_at", "disabled_at", "revoked_at"), ("kind", "team")
_OF_SOME = (
    ("revoked", "revoked_at IS NOT NULL", ("revoked_at", *_WHOSE)),
    ("ending", f"{_LIVE} AND expires_at IS NOT NULL", (*_STATE, *_WHOSE)),
    ("disabled", f"{_LIVE} AND disabled_at IS NOT NULL", (*_STATE, *_WHOSE)),
    ("used", _ON, ("last_used_at", "created_at", *_STATE, *_WHOSE)),
    ("budget", f"{_ON} AND budget_amount IS NOT NULL", (*_STATE, *_WHOSE, "budget_period", "budget_amount")),
)


def upgrade() -> None:
    for measure in _RANKED:
        op.create_index(f"ix_usage_by_token_{measure}", "usage_by_token", ["span", "start", measure])
    for name in ("state", "budget"):
        op.drop_index(f"ix_token_{name}", "token")
    op.create_index("ix_token_kind", "token", ["kind", "team"])
    for name, which, columns in _OF_SOME:
        those = sa.text(which)
        op.create_index(f"ix_token_{name}", "token", list(columns), sqlite_where=those, postgresql_where=those)
