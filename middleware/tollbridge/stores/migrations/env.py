"""Run by Alembic.  The connection, in a transaction that holds the write lock, comes from `upgrading`."""

from alembic import context

from tollbridge.stores.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
