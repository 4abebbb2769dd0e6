"""Whose file is whose: two tokens' secrets never go to one, for each would overwrite the other's.

A file stays its token's after the handover, until the token has ended or somebody has it let go.
"""

from sqlalchemy import delete, insert, or_, select

from tollbridge.stores.jobtables import auto_rotation, handover, secret_file
from tollbridge.stores.rows import micros
from tollbridge.stores.tables import token
from tollbridge.stores.tokenwriting import TokenWriting, refused

_FILE = "file:"


async def check_file(writing: TokenWriting, token_id: str, into: str) -> None:
    """Refuse a file that is another live token's, or is to be; raises `BadRequest` (409)."""
    if not into.startswith(_FILE):
        return
    live = (
        token.c.revoked_at.is_(None),
        or_(token.c.expires_at.is_(None), token.c.expires_at > micros(writing.clock.now())),
        token.c.id != token_id,
    )
    named = {secret_file: _path(into), auto_rotation: into, handover: into}
    for table, name in named.items():
        place = table.c.path if table is secret_file else table.c.into
        taken = select(token.c.id).join(table, table.c.token_id == token.c.id).where(place == name, *live)
        if (await writing.connection.execute(taken)).first() is not None:
            raise refused("another token's secret is handed over into this file", "conflict")


async def keep_file(writing: TokenWriting, token_id: str, into: str) -> None:
    """Note that a token's secret lies there now."""
    if into.startswith(_FILE):
        await writing.connection.execute(delete(secret_file).where(secret_file.c.path == _path(into)))
        await writing.connection.execute(insert(secret_file).values(path=_path(into), token_id=token_id))


async def free_files(writing: TokenWriting, token_id: str) -> bool:
    """Let others have a token's files; says whether it had any."""
    its = delete(secret_file).where(secret_file.c.token_id == token_id)
    return bool((await writing.connection.execute(its)).rowcount)


def _path(into: str) -> str:
    return into.removeprefix(_FILE)
