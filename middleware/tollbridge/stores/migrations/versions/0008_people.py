"""Teams, people and their sessions."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0008"
down_revision = "0007"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _moment(name: str) -> sa.Column[int | None]:
    return sa.Column(name, sa.BigInteger)


def upgrade() -> None:
    _add_teams()
    _add_people()


def _add_teams() -> None:
    op.create_table(
        "team",
        sa.Column("name", TEXT, primary_key=True),
        _text("holder"),
        _text("title"),
        _text("description"),
        _count("created_at"),
        _moment("ended_at"),
        sa.Column("rotate_days", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "role",
        sa.Column("name", TEXT, primary_key=True),
        _text("scopes"),
        _text("description"),
        _count("created_at"),
        sqlite_with_rowid=False,
    )


def _add_people() -> None:
    op.create_table(
        "person",
        sa.Column("id", TEXT, primary_key=True),
        _text("name"),
        _text("email"),
        _text("password"),
        _count("created_at"),
        _moment("disabled_at"),
        _moment("password_at"),
        _moment("last_seen_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_person_email", "person", ["email"], unique=True)
    op.create_table(
        "member",
        sa.Column("person_id", TEXT, primary_key=True),
        sa.Column("team", TEXT, primary_key=True),
        _text("role"),
        _text("holder"),
        _text("via"),
        _count("created_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_member_team", "member", ["team"])
    op.create_index("ix_member_holder", "member", ["holder"], unique=True)
    op.create_table(
        "person_identity",
        sa.Column("issuer", TEXT, primary_key=True),
        sa.Column("subject", TEXT, primary_key=True),
        _text("person_id"),
        _count("created_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_person_identity_person_id", "person_identity", ["person_id"])
    op.create_table(
        "session",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        _text("person_id"),
        _text("via"),
        _text("client"),
        _text("agent"),
        _count("made_at"),
        _count("seen_at"),
        _count("ends_at"),
        _count("confirmed_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_session_person_id", "session", ["person_id"])
    op.create_index("ix_session_ends_at", "session", ["ends_at"])
