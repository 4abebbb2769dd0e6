"""OAuth clients and grants, and keys that callers sign with."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0009"
down_revision = "0008"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _moment(name: str) -> sa.Column[int | None]:
    return sa.Column(name, sa.BigInteger)


def _sealed(name: str = "content") -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def upgrade() -> None:
    _add_clients()
    _add_grants()
    _add_keys()


def _add_clients() -> None:
    op.add_column("token", sa.Column("beside", TEXT, nullable=False, server_default=""))
    op.create_index("ix_token_beside", "token", ["beside"])
    op.add_column("secret", sa.Column("use", TEXT, nullable=False, server_default=""))
    op.add_column("secret", sa.Column("scopes", TEXT, nullable=False, server_default=""))
    op.create_index("ix_secret_expires_at", "secret", ["expires_at"])
    op.create_table(
        "client",
        sa.Column("id", TEXT, sa.ForeignKey("token.id"), primary_key=True),
        _text("auth_method"),
        _text("grants"),
        _text("redirect_uris"),
        _text("keys"),
        _text("keys_url"),
        _text("about_url"),
        sa.Column("trusted", sa.Boolean, nullable=False),
        _text("registered"),
        sa.Column("access_s", sa.Integer, nullable=False),
        sa.Column("refresh_s", sa.Integer, nullable=False),
        _count("created_at"),
        sqlite_with_rowid=False,
    )


def _add_grants() -> None:
    op.create_table(
        "code",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        _text("client_id"),
        _text("grant_id"),
        _text("redirect_uri"),
        _text("scopes"),
        _text("audience"),
        _text("challenge"),
        _moment("confirmed_at"),
        _count("ends_at"),
        _moment("used_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_code_ends_at", "code", ["ends_at"])
    op.create_table(
        "refresh",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        _text("id"),
        _text("pepper_id"),
        _text("client_id"),
        _text("grant_id"),
        _text("scopes"),
        _text("audience"),
        _moment("confirmed_at"),
        _count("made_at"),
        _count("ends_at"),
        _moment("used_at"),
        _sealed(),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_refresh_id", "refresh", ["id"], unique=True)
    op.create_index("ix_refresh_grant_id", "refresh", ["grant_id"])
    op.create_index("ix_refresh_ends_at", "refresh", ["ends_at"])
    op.create_table(
        "device",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        _text("user_code"),
        _text("client_id"),
        _text("grant_id"),
        _text("scopes"),
        _text("audience"),
        _text("state"),
        _moment("confirmed_at"),
        sa.Column("interval_s", sa.Integer, nullable=False),
        _moment("polled_at"),
        _count("ends_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_device_user_code", "device", ["user_code"], unique=True)
    op.create_index("ix_device_client_id", "device", ["client_id"])
    op.create_index("ix_device_ends_at", "device", ["ends_at"])


def _add_keys() -> None:
    op.create_table(
        "credential",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("token_id", TEXT, sa.ForeignKey("token.id"), nullable=False),
        _text("kind"),
        _text("algorithm"),
        _text("public"),
        _sealed(),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        _text("pepper_id"),
        _count("created_at"),
        _moment("expires_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_credential_token_id", "credential", ["token_id"])
    op.create_index("ix_credential_digest", "credential", ["digest"])
    op.create_table(
        "replay",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_replay_ends_at", "replay", ["ends_at"])
