"""Services and their releases, plans and subscriptions."""

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0012"
down_revision = "0011"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _moment(name: str) -> sa.Column[int | None]:
    return sa.Column(name, sa.BigInteger)


def upgrade() -> None:
    op.execute("INSERT INTO turn (name, number) VALUES ('services', 0)")
    op.create_table(
        "service",
        sa.Column("id", TEXT, primary_key=True),
        _text("slug"),
        _text("kind"),
        _text("team"),
        _text("name"),
        sa.Column("design", sa.LargeBinary, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        _text("live"),
        _count("created_at"),
        _count("changed_at"),
        _moment("deprecated_at"),
        _moment("sunset_at"),
        _moment("retired_at"),
        _text("successor"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_service_slug", "service", ["slug"], unique=True)
    op.create_index("ix_service_team", "service", ["team", "slug"])
    op.create_table(
        "release",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("service_id", TEXT, sa.ForeignKey("service.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        _text("version"),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("design", sa.LargeBinary, nullable=False),
        _text("note"),
        _text("state"),
        sa.Column("approved", sa.Boolean, nullable=False),
        _count("created_at"),
        _text("created_by"),
        _text("asked_by"),
        _text("asked_why"),
        _text("decided_by"),
        _text("decided_why"),
        _moment("publish_at"),
        _moment("published_at"),
        _moment("ended_at"),
        _moment("watched_until"),
        _text("instead_of"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_release_number", "release", ["service_id", "number"], unique=True)
    op.create_index("ix_release_state", "release", ["state", "publish_at"])
    _add_subscriptions()


def _add_subscriptions() -> None:
    op.create_table(
        "plan",
        sa.Column("name", TEXT, primary_key=True),
        _text("title"),
        _text("description"),
        sa.Column("requests_per_minute", sa.BigInteger),
        sa.Column("tokens_per_minute", sa.BigInteger),
        sa.Column("concurrency", sa.BigInteger),
        sa.Column("budget_amount", sa.BigInteger),
        sa.Column("budget_period", TEXT),
        sa.Column("price_per_call", sa.BigInteger),
        _text("models"),
        _count("created_at"),
        _moment("ended_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscription",
        sa.Column("id", TEXT, primary_key=True),
        _text("application"),
        sa.Column("service_id", TEXT, sa.ForeignKey("service.id"), nullable=False),
        _text("plan"),
        _text("state"),
        _text("why"),
        _text("asked_by"),
        _count("asked_at"),
        _text("opinion"),
        _text("decided_by"),
        _moment("decided_at"),
        _moment("expires_at"),
        _moment("ended_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subscription_application", "subscription", ["application", "service_id", "state"])
    op.create_index("ix_subscription_service", "subscription", ["service_id", "state"])
    op.create_index("ix_subscription_expires_at", "subscription", ["state", "expires_at"])
