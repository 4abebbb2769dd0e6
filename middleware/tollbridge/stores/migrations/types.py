"""The types of columns that are not the same on every database."""

import sqlalchemy as sa

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is ordered by its bytes and tells upper from lower case in ASCII alone, as SQLite's is."""
