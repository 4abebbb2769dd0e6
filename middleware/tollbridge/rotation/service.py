"""Secrets of one gateway's tokens that change by themselves.

Nobody is left with a secret that was handed over to nobody: the new one and what is to be done with it are written in
one transaction, sealed; the one before does not end until the new one has arrived; and each step may be done twice. So
a worker may die anywhere, and another one goes on.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from tollbridge.audit import Act, Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest, GatewayError, SetupError, Unavailable
from tollbridge.ids import new_id
from tollbridge.rotation.handing import Handing, NotHandedOver
from tollbridge.rotation.setters import Setters, known_as
from tollbridge.rotation.sinks import NewSecret
from tollbridge.sealing.places import HANDOVER, Place
from tollbridge.stores.base import Store
from tollbridge.stores.rotations import AutoRotation, Handover, RotationStore
from tollbridge.stores.webhooks import Delivery
from tollbridge.tokens.model import Principal, Token
from tollbridge.tokens.service import TokenService
from tollbridge.vault import Box

OVERLAPS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7)}
"""How long the secret before may open once the new one has arrived.  At once is none of them."""
MOST_DAYS_BEFORE = 365
_HELD_S = 3_600.0
"""How long one that could not be begun waits until it is looked at again, in seconds."""
_PAUSES_S = (30.0, 120.0, 600.0, 3_600.0, 21_600.0, 86_400.0)

log = structlog.get_logger("tollbridge")


class _Kept(msgspec.Struct, frozen=True):
    """A new secret as it is sealed until it is handed over."""

    secret: str
    name: str
    team: str
    hint: str
    ends_at: datetime | None


_decode = msgspec.json.Decoder(_Kept).decode


class Rotations:
    """Sets how secrets change, and changes them.  `act` gives what it records with by itself."""

    def __init__(
        self,
        store: Store,
        tokens: TokenService,
        handing: Handing,
        box: Box,
        clock: Clock,
        *,
        act: Callable[[], Awaitable[Act]],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._handing = handing
        self._setters = Setters(store)
        self._box = box
        self._clock = clock
        self._act = act

    async def set(
        self,
        token: Token,
        *,
        into: str,
        days_before: int,
        overlap_s: int,
        setter: Principal | None = None,
        by: Actor,
    ) -> AutoRotation:
        """Have a token's secret change by itself, and be handed over.

        Without a `setter` it is the operator who says so. Raises `BadRequest` with `param` for what cannot be used, and
        with status 409 where a file is another token's; `Denied` where the setter has no token of this bridge.
        """
        place, set_by = await self._handing.check(into, token.team, setter), known_as(setter)
        if overlap_s not in [overlap.total_seconds() for overlap in OVERLAPS.values()]:
            raise BadRequest(f"the overlap is one of {', '.join(OVERLAPS)}", param="overlap_s")
        if not 1 <= days_before <= MOST_DAYS_BEFORE or timedelta(days=days_before) < timedelta(seconds=overlap_s):
            why = f"it is between 1 and {MOST_DAYS_BEFORE}, and not shorter than the overlap"
            raise BadRequest(why, param="days_before")
        rotation = AutoRotation(token.id, str(place), days_before, overlap_s, set_by=set_by)
        store, act = await self._store.rotations(), await self._tokens.act(by)
        under_way = await store.get_handover(token.id)
        if under_way is not None and under_way.into != rotation.into:
            await self._handing.cancel(under_way.into, under_way.id)
        await store.set_rotation(rotation, act)
        return rotation

    async def remove(self, token_id: str, *, by: Actor) -> bool:
        """Have a token's secret not change by itself any more; says whether it did.

        A new secret that is under way is taken back, unless it has arrived.
        """
        store, act = await self._store.rotations(), await self._tokens.act(by)
        under_way = await store.get_handover(token_id)
        if under_way is not None:
            await self._handing.cancel(under_way.into, under_way.id)
            if await self._handing.arrived(under_way.into, under_way.id):
                await store.finish_handover(under_way, act)
        return await store.remove_rotation(token_id, act)

    async def get(self, token_id: str) -> tuple[AutoRotation | None, Handover | None]:
        """Say how a token's secret changes by itself, and what is being handed over now."""
        store = await self._store.rotations()
        return await store.get_rotation(token_id), await store.get_handover(token_id)

    async def begin(
        self, token: Token, *, into: str, overlap_s: int, setter: Principal | None = None, by: Actor
    ) -> bool:
        """Give a token a further secret that is handed over into a place, soon and by itself.

        False where one is being handed over already. Raises `BadRequest` as `set` and `TokenService.rotate` do.
        """
        place, set_by = await self._handing.check(into, token.team, setter), known_as(setter)
        return await self._begin(token, str(place), overlap_s, await self._tokens.act(by), set_by=set_by)

    async def still_wanted(self, message: Delivery) -> bool:
        """Whether the new secret in a message is still to go there, and by somebody who may.  Raises `Unavailable`."""
        handover = await self._handing.find(message)
        token = None if handover is None else await self._store.get_token(handover.token_id)
        return handover is not None and token is not None and not await self._setters.refusal(handover.set_by, token)

    async def withdraw(self, token_id: str, told: str, *, by: Actor) -> bool:
        """Take back a secret that was made and given to nobody, known by what its record says of it."""
        store, act = await self._store.rotations(), await self._tokens.act(by)
        return await store.withdraw_secret(token_id, told, act)

    async def run(self) -> None:
        """Change the secrets whose time has come, and hand over what is to be.  Raises `Unavailable`."""
        store = await self._store.rotations()
        for rotation, token in await store.due_rotations():
            try:
                await self._begin_due(store, token, rotation)
            except Unavailable:
                raise
            except (GatewayError, SetupError) as exc:
                await self._refused(store, rotation, str(exc))
        for handover in await store.due_handovers():
            await self._hand_over(store, handover)

    async def _begin_due(self, store: RotationStore, token: Token, rotation: AutoRotation) -> None:
        why = await self._setters.refusal(rotation.set_by, token)
        if why:
            await self._hold(store, rotation, why)
            return
        await self._begin(token, rotation.into, rotation.overlap_s, await self._act(), set_by=rotation.set_by)

    async def _refused(self, store: RotationStore, rotation: AutoRotation, why: str) -> None:
        """Have one wait that was refused, but where that is because somebody else rotated its token meanwhile."""
        if any(one.token_id == rotation.token_id for one, _ in await store.due_rotations()):
            await self._hold(store, rotation, why)

    async def _hold(self, store: RotationStore, rotation: AutoRotation, why: str) -> None:
        """Have one that is due wait, and tell why where that is news."""
        log.error("token_not_rotated", token_id=rotation.token_id, into=rotation.into, reason=why)
        await store.hold_rotation(rotation, why, await self._act(), pause_s=_HELD_S)

    async def _begin(self, token: Token, into: str, overlap_s: int, act: Act, *, set_by: str) -> bool:
        days = await self._tokens.rotation(token.rotate_days, token.team)
        secret, new = self._tokens.new_secret(token.environment, days)
        id = new_id("msg", self._clock)
        kept = msgspec.json.encode(_Kept(secret, token.name, token.team, new.hint, new.ends_at))
        sealed = self._box.shut(kept, Place(HANDOVER, token.id, id))
        handover = Handover(token.id, id, into, overlap_s, new.digest, sealed, new.created_at, set_by=set_by)
        return await (await self._store.rotations()).begin_handover(handover, new, act)

    async def _hand_over(self, store: RotationStore, handover: Handover) -> None:
        """Hand one over, and note what became of it; no one of them stops the others."""
        if await store.drop_handover(handover, await self._act()):
            await self._handing.cancel(handover.into, handover.id)
            return
        if await self._taken_back(store, handover):
            return
        try:
            new = await self._opened(handover)
            arrived = await self._handing.put(handover.into, new)
        except (NotHandedOver, ValueError, SetupError) as exc:
            pause_s = _PAUSES_S[min(handover.attempts, len(_PAUSES_S) - 1)]
            log.error("secret_not_handed_over", token_id=handover.token_id, into=handover.into, reason=str(exc))
            await store.postpone_handover(handover, str(exc), await self._act(), pause_s=pause_s)
            return
        if not arrived:
            await store.await_handover(handover, pause_s=_PAUSES_S[0])
        elif await store.finish_handover(handover, await self._act()):
            log.info("token_rotated_automatically", token_id=handover.token_id, into=handover.into)

    async def _taken_back(self, store: RotationStore, handover: Handover) -> bool:
        """Take a secret back where whoever set its place may not any more, unless it is there; says whether."""
        token = await self._store.get_token(handover.token_id)
        why = "" if token is None else await self._setters.refusal(handover.set_by, token)
        if not why:
            return False
        await self._handing.cancel(handover.into, handover.id)
        if await self._handing.arrived(handover.into, handover.id):
            return False
        if await store.undo_handover(handover, why, await self._act(), pause_s=_HELD_S):
            log.error("token_not_rotated", token_id=handover.token_id, into=handover.into, reason=why)
        return True

    async def _opened(self, handover: Handover) -> NewSecret:
        """Open it; raises `ValueError` where it does not open."""
        await self._box.meet([handover.sealed])
        kept = _decode(self._box.open(handover.sealed, Place(HANDOVER, handover.token_id, handover.id)))
        said = (kept.name, kept.team, kept.hint, kept.ends_at)
        return NewSecret(handover.id, handover.token_id, *said, kept.secret)
