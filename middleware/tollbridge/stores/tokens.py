"""Reading tokens from an SQL database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.stores.rows import micros, moment
from tollbridge.stores.tables import secret
from tollbridge.stores.tokenrows import optional_moment, token_of
from tollbridge.tokens.model import SecretUse, Token, TokenSecret

ITS_OWN = (SecretUse.BEARER, SecretUse.CLIENT)
"""Uses of secrets that a token has until they are rotated; others are issued by the thousand."""
_AT_ONCE = 500
"""Tokens asked about in one statement."""


async def find_tokens(connection: AsyncConnection, wanted: Select[Any], now: datetime) -> Sequence[Token]:
    """Read tokens in the order of a statement that selects their rows, with the secrets that open."""
    rows = [row._mapping for row in await connection.execute(wanted)]
    secrets: dict[str, list[TokenSecret]] = {row["id"]: [] for row in rows}
    ids = list(secrets)
    for start in range(0, len(ids), _AT_ONCE):
        asked = (
            select(secret)
            .where(secret.c.token_id.in_(ids[start : start + _AT_ONCE]), secret.c.use.in_(ITS_OWN))
            .order_by(secret.c.created_at.desc(), secret.c.digest)
        )
        for each in await connection.execute(asked):
            if each.expires_at is None or each.expires_at > micros(now):
                found = TokenSecret(each.hint, moment(each.created_at), optional_moment(each.expires_at))
                secrets[each.token_id].append(found)
    return [token_of(row, secrets[row["id"]], now) for row in rows]
