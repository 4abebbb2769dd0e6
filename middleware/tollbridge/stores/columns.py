"""What the tables are declared with.

Times are microseconds since the epoch, money is nano-dollars, both whole numbers. Of secrets that callers show there
are only digests; what is called `content` is sealed.
"""

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Text

metadata = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})


def text(name: str, default: str | None = None) -> Column[str]:
    """Give a column of text that is never null."""
    return Column(name, Text, nullable=False, server_default=default)


def count(name: str) -> Column[int]:
    """Give a column of whole numbers, times among them, that is never null."""
    return Column(name, BigInteger, nullable=False)


def moment(name: str) -> Column[int | None]:
    """Give a column of a time that may not have come."""
    return Column(name, BigInteger)


def sealed(name: str = "content") -> Column[bytes]:
    """Give a column of what is sealed, or empty."""
    return Column(name, LargeBinary, nullable=False)
