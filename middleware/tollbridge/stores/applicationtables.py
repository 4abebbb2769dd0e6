"""The table of applications, for SQLAlchemy.

Name, team, limits and state of an application are those of its holder, the row of `token` with the same id.
"""

from sqlalchemy import Column, Table, Text

from tollbridge.stores.columns import metadata, text

application = Table(
    "application",
    metadata,
    Column("id", Text, primary_key=True),
    text("owner"),
    text("description"),
    text("scopes"),  # that somebody gave it
    text("subscribed"),  # those of its subscriptions; its holder has both
    sqlite_with_rowid=False,
)
