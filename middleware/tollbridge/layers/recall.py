"""The link that knows earlier answers: what a request goes on from, and what callers may come back to.

An answer belongs to the token that got it. Where its provider keeps it, requests about it go there; where the bridge
keeps the content too, a conversation goes on at any provider.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import msgspec
import structlog
from msgspec.structs import replace
from starlette.types import ASGIApp

from tollbridge.call import Call, Estimate, ResponseHead
from tollbridge.clock import Clock
from tollbridge.errors import InternalError, NotFound, Unavailable
from tollbridge.formats.dialect import Dialect, Operation, named_id
from tollbridge.formats.keeping import Keeping, Turn, Wish
from tollbridge.formats.ways import spoken_at
from tollbridge.layers.layer import Layer
from tollbridge.layers.turns import Turns
from tollbridge.providers import Target
from tollbridge.stores.kept import KeptAnswer, KeptStore
from tollbridge.vault import Box

DELETE = "delete"
_NOTHING = Turn(b"[]", b"{}")
_GONE = 404
"""What a provider says that has no such answer any more."""

log = structlog.get_logger("tollbridge")


class Remembering(msgspec.Struct):
    """What will be kept of a call: its request as it came, and the `KeepingReader` that will have the answer.

    `partial`: what the request refers to is not kept here, so it is no whole turn.
    """

    keeping: Keeping
    before: str
    asked: bytes
    partial: bool = False
    reader: Any = None


class Recall(Layer):
    """Keeps answers for `keep_s` seconds, and gives them back to the token they belong to.

    `resolve` gives the targets of `provider/model`. With a `box` the content is kept too, sealed in it; without one
    only whose an answer is and who gave it.
    """

    name: ClassVar[str] = "recall"
    needs: ClassVar[tuple[str, ...]] = ("authorize",)

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: KeptStore,
        resolve: Callable[[str], tuple[Target, ...]],
        keep_s: float = 30 * 86_400.0,
        box: Box | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._store = store
        self._resolve = resolve
        self._keep_for = timedelta(seconds=keep_s)
        self._turns = Turns(store, box)

    def body(self, call: Call) -> Awaitable[None] | None:
        operation = call.operation
        if operation is None or operation.keeping is None or call.dialect is None or call.body is None:
            return None
        keeping = operation.keeping
        if operation.kept:
            return self._come_back(call, call.dialect, operation, keeping)
        wish = call.envelope.wish if call.envelope is not None else None
        if call.envelope is None or wish is None:
            return None
        if wish.keep and call.principal is not None:
            call.remembering = Remembering(keeping, wish.before, call.body)
            call.envelope = replace(call.envelope, kept=self._turns.keeps(call.body))
        if not (wish.before or wish.items or wish.echoed):
            return None
        return self._recall(call, call.dialect, keeping, wish)

    async def _come_back(self, call: Call, dialect: Dialect, operation: Operation, keeping: Keeping) -> None:
        """Find the provider that keeps the answer, or give what is kept here."""
        id, owner = named_id(operation, call.path), _owner(call)
        found = await self._store.find_answer(id, owner)
        if found is None:
            raise keeping.unknown(id)
        keepers = tuple(
            target for target in self._resolve(f"{found.provider}/{found.model}") if _knows(target, (found,), dialect)
        )
        if keepers:
            call.targets = keepers
            return
        turns = [_NOTHING] if operation.kept == DELETE else await self._turns.opened([found], owner)
        if turns is None:
            raise NotFound(
                f"the content of the answer {id[:200]!r} is not kept: its provider keeps none, and the operator of "
                "this gateway would have to set keep in the section [answers]"
            )
        call.given = keeping.shown(operation.kept, id, turns[0], call.query)

    async def _recall(self, call: Call, dialect: Dialect, keeping: Keeping, wish: Wish) -> None:
        """Leave the request to a provider that keeps what it goes on from, or put that into it."""
        owner = _owner(call)
        await self._refuse_strangers(call, dialect, keeping, wish)
        thread = await self._store.find_thread(wish.before, owner) if wish.before else ()
        if wish.before and not thread:
            raise keeping.unknown_before(wish)
        holders = await self._store.find_holders(wish.items, owner) if wish.items else ()
        known = {item for holder in holders for item in holder.items}
        for item in wish.items:
            if item not in known:
                raise keeping.unknown_item(item)
        earlier = (*thread[-1:], *holders)
        keepers = tuple(target for target in call.targets if not earlier or _knows(target, earlier, dialect))
        passes, remembering = len(keepers) == len(call.targets), call.remembering if wish.items else None
        if passes and remembering is None:
            return
        others = await self._opened(holders, owner)
        if remembering is not None:
            _resolve(remembering, others)
        if passes:
            return
        turns = None if thread and thread[0].before else await self._opened(thread, owner)
        if turns is not None and others is not None:
            _put_in(call, wish, turns, others)
        elif keepers:
            call.targets = keepers
        else:
            raise keeping.kept_elsewhere(wish, call.model or "")

    async def _refuse_strangers(self, call: Call, dialect: Dialect, keeping: Keeping, wish: Wish) -> None:
        """Refuse what a provider would look up for whoever names it, where it was another token's answer."""
        if wish.echoed and any(_keeps(target, dialect) for target in call.targets):
            strangers = await self._store.find_strangers(wish.echoed, _owner(call))
            if strangers:
                raise keeping.unknown_item(strangers[0])

    async def _opened(self, answers: Sequence[KeptAnswer], owner: str) -> list[Turn] | None:
        return await self._turns.opened(answers, owner) if answers else []

    def response_head(self, call: Call, head: ResponseHead) -> Awaitable[None] | None:
        operation, remembering = call.operation, call.remembering
        good = 200 <= head.status <= 299
        if remembering is not None:
            if good and hasattr(call.reader, "answer"):
                remembering.reader = call.reader
            else:
                call.remembering = None
        elif (good or head.status == _GONE) and operation is not None and operation.kept == DELETE:
            return self._forget(call, operation)
        return None

    async def _forget(self, call: Call, operation: Operation) -> None:
        await self._store.forget_answer(named_id(operation, call.path), _owner(call))

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        """Keep the answer once it is whole, before its end is passed on: its caller may come back at once."""
        remembering = call.remembering
        if remembering is not None and remembering.reader is not None and remembering.reader.answer:
            call.remembering = None
            self._keep(call, remembering, remembering.reader.answer)
        return [chunk] if chunk else []

    def _keep(self, call: Call, remembering: Remembering, answer: bytes) -> None:
        target, given = call.target, remembering.keeping.given(answer)
        if target is None or not given.id:
            return
        owner = _owner(call)
        turn, content = Turn(b"[]", answer), b""
        if given.whole and not remembering.partial and self._turns.keeps(remembering.asked, answer):
            asked = remembering.keeping.asked(remembering.asked, call.id)
            if asked is not None:
                turn = Turn(asked, answer)
                content = self._turns.shut(turn, given.id, owner)
        kept = KeptAnswer(
            id=given.id,
            token_id=owner,
            provider=target.provider.name,
            model=target.model,
            at=call.received,
            ends_at=call.received + self._keep_for,
            before=remembering.before,
            items=tuple(remembering.keeping.ids(turn, call.id)),
        )
        try:
            self._store.keep(kept, content)
        except Unavailable as exc:  # the caller has its answer all the same
            log.error("answer_not_kept", call_id=call.id, reason=exc.detail)


def _put_in(call: Call, wish: Wish, thread: Sequence[Turn], others: Sequence[Turn]) -> None:
    """Put what was said before into a request, and reckon with it."""
    dialect, operation, asked, estimate = call.dialect, call.operation, call.envelope, call.estimate
    keeping = operation.keeping if operation is not None else None
    if dialect is None or operation is None or keeping is None or asked is None or estimate is None:
        raise InternalError("a call without a body")
    call.body = keeping.recalled(call.body or b"", thread, others)
    envelope = dialect.read_envelope(operation, call.path, call.body)
    call.envelope = replace(envelope, recalled=wish.before, kept=asked.kept)
    call.estimate = Estimate(envelope.input_bound, estimate.output)


def _resolve(remembering: Remembering, others: Sequence[Turn] | None) -> None:
    """Keep what a request refers to in the place of the references: who goes on from it means that."""
    if others is None:
        remembering.partial = True
    else:
        remembering.asked = remembering.keeping.recalled(remembering.asked, (), others)


def _owner(call: Call) -> str:
    """Name whose answers these are; nobody has any on a public path."""
    return call.principal.id if call.principal is not None else ""


def _keeps(target: Target, dialect: Dialect) -> bool:
    """Whether a target's provider keeps answers, so that ids mean something there."""
    return target.provider.quirks.keeps_answers and bool(spoken_at(dialect, target.base_urls))


def _knows(target: Target, earlier: Sequence[KeptAnswer], dialect: Dialect) -> bool:
    """Whether a target's provider keeps all of these answers."""
    return _keeps(target, dialect) and all(answer.provider == target.provider.name for answer in earlier)
