"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07, read 2026-11): the same request is done once.

The first answer is kept for a day and given again for the same key, caller and request. It may hold a new secret, so it
is sealed, bound to its row. Of the request there is a keyed hash, on which nobody can try passwords. What was refused
is not kept: nothing was done, so the key is free again. Where a worker dies in between the key is free after a minute;
what it had made and given to nobody is taken back then (`orphans`), and made again.
"""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from tollbridge import BadRequest, Gateway, GatewayError, SetupError, Unavailable
from tollbridge.administering import Box, IdempotencyStore, KeyedRequest, Place
from tollbridge_admin.asking import Asked
from tollbridge_admin.orphans import Orphans

KEEP_S = 86_400.0
LEASE_S = 60.0
LONGEST_S = 30.0
"""How long a request may take: less than its lease, so that no other begins meanwhile."""
HEADER = "idempotency-key"

_PLACE = "first answer"
_KEY = re.compile(r'"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})')


class Rendered(msgspec.Struct, frozen=True):
    """An answer as it is sent.  It may hold a new secret."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Rendered({self.status})"


class KeyReused(BadRequest):
    """The key was used for another request."""

    status, code = 422, "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key was used for another request; take a new key for a new request")


class StillRunning(BadRequest):
    """The first request under the key is not finished."""

    status, code, retry = 409, "idempotency_key_in_use", True

    def __init__(self) -> None:
        super().__init__("the first request with this Idempotency-Key is still being done; try again", retry_after_s=1)


class AnswerLost(BadRequest):
    """The first answer cannot be read any more."""

    status, code = 409, "idempotency_answer_lost"

    def __init__(self) -> None:
        super().__init__(
            "it was done, but its answer is sealed with a key that is gone; look at what is there, then use another key"
        )


class Repeats:
    """Has each request with a key done once.

    `end` takes back what an earlier attempt made, known by its id; `secret` gives what requests are hashed with.
    """

    def __init__(
        self,
        store: IdempotencyStore,
        box: Box,
        end: Callable[[Asked, str], Awaitable[None]],
        secret: Callable[[Asked], Awaitable[bytes]],
    ) -> None:
        self._store = store
        self._box = box
        self._end = end
        self._secret = secret

    @classmethod
    def of(cls, gateway: Gateway) -> "Repeats":
        """Make them for a gateway."""

        async def secret(asked: Asked) -> bytes:
            return (await gateway.tokens.act(asked.actor)).key

        return cls(gateway.store, gateway.box, Orphans(gateway).end, secret)

    async def once(self, asked: Asked, body: bytes, work: Callable[[], Awaitable[Rendered]]) -> Rendered:
        """Do the work, or give the answer of when it was done.

        Raises `BadRequest` for what is no key, `KeyReused`, `StillRunning`, `AnswerLost`, `Unavailable`, and whatever
        the work raises.
        """
        said = asked.header(HEADER)
        if not said:
            return await work()
        key = _key(said)
        fingerprint = _fingerprint(asked, body, await self._secret(asked))
        request = KeyedRequest(asked.caller.id, key, fingerprint, asked.call.id)
        earlier = await self._store.begin_once(request, lease_s=LEASE_S, keep_s=KEEP_S)
        if earlier is None:
            return await self._first(asked, request, work)
        if not hmac.compare_digest(earlier.fingerprint, request.fingerprint):
            raise KeyReused()
        if not earlier.content:
            raise StillRunning()
        return await self._again(request, earlier.content)

    async def _first(self, asked: Asked, request: KeyedRequest, work: Callable[[], Awaitable[Rendered]]) -> Rendered:
        try:
            self._box.load()
            async with asyncio.timeout(LONGEST_S):
                for run in await self._store.abandoned_runs(request):
                    await self._end(asked, run)
                rendered = await work()
        except TimeoutError:
            raise Unavailable("it took too long; look whether it was done, then try again") from None
        except SetupError as exc:
            await self._give_up(request)
            raise Unavailable("no key is there to seal the answer with; try again", detail=str(exc)) from None
        except GatewayError as exc:
            if exc.status < 500:
                await self._give_up(request)
            raise
        sealed = self._box.shut(msgspec.json.encode(rendered), _place(request))
        with suppress(Unavailable):  # it is done: the caller gets its answer, though it may not be given again
            await self._store.finish_once(request, sealed)
        return rendered

    async def _give_up(self, request: KeyedRequest) -> None:
        with suppress(Unavailable):  # then the lease ends it
            await self._store.give_up_once(request)

    async def _again(self, request: KeyedRequest, sealed: bytes) -> Rendered:
        try:
            await self._box.meet([sealed])
            content = self._box.open(sealed, _place(request))
        except ValueError:
            raise AnswerLost() from None
        first = msgspec.json.decode(content, type=Rendered)
        return msgspec.structs.replace(first, headers={**first.headers, "idempotency-replayed": "true"})


def _key(said: str) -> str:
    """Read a key: a string of structured fields (RFC 9651, 3.3.3), or the same without its quotes."""
    found = _KEY.fullmatch(said)
    if found is None:
        raise BadRequest(
            'an Idempotency-Key is 1 to 255 visible characters in quotes, such as "4f9c"',
            code="invalid_idempotency_key",
        )
    return found[1] or found[2]


def _fingerprint(asked: Asked, body: bytes, secret: bytes) -> bytes:
    call = asked.call
    said = b"\0".join((call.method.encode("ascii"), call.path.encode("utf-8"), call.query, body))
    return hmac.digest(secret, b"request\0" + said, "sha256")


def _place(request: KeyedRequest) -> Place:
    return Place(_PLACE, request.caller, request.key)
