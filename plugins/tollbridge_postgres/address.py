"""Where the database is.  asyncpg reads the URL itself; what is ours in it is taken out before.

URLs are libpq's (PostgreSQL documentation, "Connection URIs", read 2026-11). What a URL leaves open comes from the
environment (`PGPASSWORD` and its like) and from the password file.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode

from tollbridge.stores.building import StoreError

LEAST_POOL, MOST_POOL = 4, 100
POOL_SIZE = 8
"""Connections of one process for calls, at most."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,63}")


@dataclass(frozen=True, slots=True)
class Address:
    """A database: `name` is how to call it in a sentence, never its URL, which may hold a password."""

    url: str = field(repr=False)
    name: str
    pool_size: int = POOL_SIZE


def read_address(url: str) -> Address:
    """Read a URL with our `pool_size` in its query; raises `StoreError`, which shows nothing of the URL."""
    where, _, query = url.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    size = options.pop("pool_size", str(POOL_SIZE))
    if not (size.isascii() and size.isdigit() and LEAST_POOL <= int(size) <= MOST_POOL):
        raise StoreError(f"store.url: pool_size is a whole number from {LEAST_POOL} to {MOST_POOL}")
    rest = f"?{urlencode(options)}" if options else ""
    return Address(where + rest, _name(where), int(size))


def _name(where: str) -> str:
    path = where.partition("://")[2].partition("/")[2]
    database = unquote(path.rpartition("/")[2])
    return f"the PostgreSQL database {database}" if _PLAIN_NAME.fullmatch(database) else "the PostgreSQL database"
