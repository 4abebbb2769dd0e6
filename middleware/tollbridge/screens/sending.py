"""Forms that make something are taken once, however often a browser sends what it sent again.

A page that shows a secret is the answer to a form, so that the secret is in no address, history or cache; to load it
again sends the form again. So each form has a key of its own, made with it, and what it made is noted under that.
"""

import re
import secrets
from typing import TYPE_CHECKING

from tollbridge.stores.idempotency import KeyedRequest

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

KEEP_S = 30 * 86_400.0
"""How long a form is known to have been sent: longer than a browser keeps a page it might load again."""
_KEY = re.compile(r"[A-Za-z0-9_-]{22}")
_BYTES = 16


def new_key() -> str:
    """Give the key of a form that is shown."""
    return secrets.token_urlsafe(_BYTES)


class Sending:
    """One form being sent by `who`; one without a key of ours is not known when it comes again."""

    def __init__(self, gateway: "Gateway", who: str, key: str) -> None:
        self._store = gateway.store
        known = _KEY.fullmatch(key) is not None
        self._request = KeyedRequest(f"dashboard {who}", key, b"", secrets.token_hex(_BYTES)) if known else None

    async def begin(self) -> str | None:
        """Take it; None where it comes for the first time, else the id of what it made, empty where that is not known.

        Nobody takes it after one who ended without a word: what they made may be there. Raises `Unavailable`.
        """
        if self._request is None:
            return None
        earlier = await self._store.begin_once(self._request, lease_s=KEEP_S, keep_s=KEEP_S)
        return None if earlier is None else earlier.content.decode("ascii")

    async def finish(self, made: str) -> None:
        """Note what was made, by its id, which is no secret.  Raises `Unavailable`."""
        if self._request is not None:
            await self._store.finish_once(self._request, made.encode("ascii"))

    async def give_up(self) -> None:
        """Let it be sent again: nothing was made.  Raises `Unavailable`."""
        if self._request is not None:
            await self._store.give_up_once(self._request)
