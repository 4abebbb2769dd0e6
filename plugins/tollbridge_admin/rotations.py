"""Secrets of tokens that change by themselves, and those of many tokens at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec import UNSET

from tollbridge import BadRequest, Denied, Gateway, NotFound, Token, Unavailable
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.problems import refused
from tollbridge_admin.reach import Reach
from tollbridge_admin.repeats import HEADER
from tollbridge_admin.rotationshapes import (
    MOST,
    PASSING,
    AutoRotationShown,
    AutoRotationWish,
    ManyRotated,
    ManyRotations,
    RotatedShown,
    shown,
)
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokens import READ, WRITE

_LIST = "rotations"
_ONE = "/tokens/{id}/auto-rotation"
_BEGUN = ("rotated", "handing_over")


class Rotations:
    """Answers for them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reach = Reach(gateway)

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        one: dict[str, Any] = {"gives": AutoRotationShown, "tagged": True}
        write: dict[str, Any] = {"scope": WRITE, "also": (409,)}
        return (
            route("POST", "/tokens/rotate", self.rotate_tokens, takes=ManyRotations, gives=ManyRotated, **write),
            route("GET", _ONE, self.get_auto_rotation, takes=Nothing, scope=READ, **one),
            route("PUT", _ONE, self.set_auto_rotation, takes=AutoRotationWish, **one, **write),
            route("DELETE", _ONE, self.remove_auto_rotation, takes=Nothing, may_be_bare=True, **one, **write),
        )

    async def get_auto_rotation(self, asked: Asked, nothing: Nothing) -> Answer:
        """Say how a token's secret changes by itself, and whether a new one is on its way."""
        return await self._shown(await self._reach.see(asked.caller, asked.id))

    async def set_auto_rotation(self, asked: Asked, wish: AutoRotationWish) -> Answer:
        """Have a token's secret change by itself, and be handed over; needs all that the token may do, then too."""
        token = await self._matching(asked, await self._touch(asked, asked.id))
        options: dict[str, Any] = {"into": wish.into, "days_before": wish.days_before, "overlap_s": wish.overlap_s}
        await self._gateway.rotations.set(token, **options, setter=asked.minter, by=asked.actor)
        return await self._shown(token)

    async def remove_auto_rotation(self, asked: Asked, nothing: Nothing) -> Answer:
        """Have a token's secret not change by itself any more; one on its way is taken back, its files are let go."""
        token = await self._matching(asked, await self._reach.touch(asked.caller, asked.id))
        await self._gateway.rotations.remove(token.id, by=asked.actor)
        return await self._shown(token)

    async def _matching(self, asked: Asked, token: Token) -> Token:
        asked.check_match((await self._shown(token)).tag)
        return token

    async def _shown(self, token: Token) -> Answer:
        found = shown(*await self._gateway.rotations.get(token.id))
        return Answer(found, tag=tag_of(found, *PASSING))

    async def rotate_tokens(self, asked: Asked, wish: ManyRotations) -> Answer:
        """Give several tokens a further secret each, in the answer this once or handed over; each has a result."""
        if (wish.ids is UNSET) == (wish.filter is UNSET):
            raise refused("ids", "name ids, or a filter")
        ids, following = await self._meant(asked, wish)
        return Answer(ManyRotated(await self._each(asked, ids, wish), following))

    async def _each(self, asked: Asked, ids: Sequence[str], wish: ManyRotations) -> Sequence[RotatedShown]:
        """Rotate each.  Once one is made nothing refuses the whole: without an answer its secret would be lost.

        Under an `Idempotency-Key` it is not, so a store that is away refuses the whole there.
        """
        items: list[RotatedShown] = []
        for number, id in enumerate(ids):
            try:
                items.append(await self._rotated(asked, id, wish))
            except (BadRequest, Unavailable) as exc:
                away = isinstance(exc, Unavailable)
                if not any(one.result in _BEGUN for one in items) or (away and asked.header(HEADER)):
                    raise
                if away:
                    return [
                        *items,
                        *(RotatedShown(id=id, result="unavailable", detail=exc.message) for id in ids[number:]),
                    ]
                items.append(RotatedShown(id=id, result="conflict", detail=exc.message))
        return items

    async def _meant(self, asked: Asked, wish: ManyRotations) -> tuple[Sequence[str], str | None]:
        """Give the ids that are meant, and where it goes on."""
        if wish.ids is not UNSET:
            return list(dict.fromkeys(wish.ids)), None
        assert wish.filter is not UNSET, "one of the two is there"
        own, asks = asked.caller.team, wish.filter
        if own and asks.team not in ("", own):
            return [], None
        found = await self._gateway.store.list_tokens(
            limit=MOST + 1,
            before=read_cursor(_LIST, wish.after),
            search=asks.q,
            state=asks.state,
            parent=asks.parent,
            team=own or asks.team,
            budgets=self._gateway.budgets.token,
        )
        page = found[:MOST]
        return [token.id for token in page], cursor(_LIST, page[-1].id) if len(found) > len(page) else None

    async def _rotated(self, asked: Asked, token_id: str, wish: ManyRotations) -> RotatedShown:
        """Rotate one; whatever it is refused with is its result, and the others go on."""
        try:
            token = await self._touch(asked, token_id)
            if wish.into is not None:
                return await self._handed_over(asked, token, wish.into, wish.overlap_s)
            made = await self._gateway.tokens.rotate(token.id, timedelta(seconds=wish.overlap_s), by=asked.actor)
            if made is not None:
                await self._reach.check_within(asked.caller, made.token)  # it may have been widened meanwhile
        except NotFound as exc:
            return RotatedShown(id=token_id, result="not_found", detail=exc.message)
        except Denied as exc:
            return RotatedShown(id=token_id, result="out_of_reach", detail=exc.message)
        except BadRequest as exc:
            if exc.param is not None:
                raise
            return RotatedShown(id=token_id, result="conflict", detail=exc.message)
        if made is None:
            return RotatedShown(id=token_id, result="not_found")
        return RotatedShown(id=token_id, result="rotated", token=made.secret)

    async def _handed_over(self, asked: Asked, token: Token, into: str, overlap_s: int) -> RotatedShown:
        """Begin one; one that is on its way already is as good."""
        place = into.replace("{id}", token.id)
        options: dict[str, Any] = {"into": place, "overlap_s": overlap_s, "setter": asked.minter}
        await self._gateway.rotations.begin(token, **options, by=asked.actor)
        return RotatedShown(id=token.id, result="handing_over")

    async def _touch(self, asked: Asked, token_id: str) -> Token:
        """Find a token whose secrets the caller may hand to others: it needs all that the token may do."""
        return await self._reach.touch(asked.caller, token_id, widens=True)
