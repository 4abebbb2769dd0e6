"""Changes of tokens in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update

from tollbridge.audit import Act
from tollbridge.stores.changes import ForeignToken, NewSecret, NewToken, TokenEdit
from tollbridge.stores.engine import answering
from tollbridge.stores.jobtables import handover
from tollbridge.stores.tables import secret
from tollbridge.stores.tokenwriting import TokenTurns
from tollbridge.tokens.model import Token


class SqlTokens:
    """Writes tokens, each change a transaction of its own."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def add_token(self, new: NewToken, act: Act) -> Token:
        async with self._turns.take() as writing:
            return await writing.add(new, act)

    async def import_tokens(self, tokens: Sequence[ForeignToken], act: Act) -> Sequence[Token | None]:
        async with self._turns.take() as writing:
            return [await writing.bring(one, act, place) for place, one in enumerate(tokens)]

    async def rotate_token(self, token_id: str, new: NewSecret, ends_at: datetime, act: Act) -> Token | None:
        async with self._turns.take() as writing:
            return await writing.rotate(token_id, new, ends_at, act)

    async def change_token(self, token_id: str, edit: TokenEdit, act: Act) -> Token | None:
        async with self._turns.take() as writing:
            return await writing.change(token_id, edit, act)

    async def switch_token(self, token_id: str, act: Act, *, on: bool) -> Token | None:
        async with self._turns.take() as writing:
            return await writing.switch(token_id, act, on=on)

    async def revoke_token(self, token_id: str, act: Act) -> Token | None:
        async with self._turns.take() as writing:
            return await writing.revoke(token_id, act)

    async def rehash_secret(self, digest: bytes, anew: bytes, pepper_id: str) -> None:
        """Replace the digest of a secret by another of the same secret: no change of the token."""
        with answering():
            async with self._turns.engine.begin() as connection:
                await connection.execute(
                    update(secret).where(secret.c.digest == digest).values(digest=anew, pepper_id=pepper_id)
                )
                await connection.execute(update(handover).where(handover.c.digest == digest).values(digest=anew))
