"""Trials: of releases with their tests, of which the results are kept, and of drafts with one request.

All of it is on the account of who asks: what it asks models is their usage, and they must be allowed to ask those.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from tollbridge import Gateway, NotFound
from tollbridge.administering import Design, Service
from tollbridge.services.model import DraftEdit
from tollbridge.trying import try_out
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.bodies import DESIGN
from tollbridge_admin.designshapes import merged, problems_shown
from tollbridge_admin.problems import refused
from tollbridge_admin.proofshapes import (
    AttemptWish,
    EvaluationsShown,
    ProvedShown,
    TriedShown,
    attempt_of,
    evaluation_shown,
    tried_shown,
)
from tollbridge_admin.releases import there
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.servicereach import check_references, see_service, within_reach
from tollbridge_admin.services import READ, WRITE

_RELEASE = "/services/{service}/releases/{number}"


class Proofs:
    """Answers for trials."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        proved: dict[str, Any] = {"takes": Nothing, "gives": ProvedShown, "may_be_bare": True, "scope": WRITE}
        kept: dict[str, Any] = {"takes": Nothing, "gives": EvaluationsShown, "scope": READ}
        tried: dict[str, Any] = {"gives": TriedShown, "may_be_bare": True, "bounds": DESIGN, "looks": True}
        return (
            route("POST", f"{_RELEASE}/prove", self.prove_release, **proved),
            route("GET", f"{_RELEASE}/evaluations", self.list_evaluations, **kept),
            route("POST", "/services/{service}/try", self.try_service, takes=AttemptWish, scope=WRITE, **tried),
        )

    async def prove_release(self, asked: Asked, nothing: Nothing) -> Answer:
        """Try a release as its kind does, such as with its test set, on the caller's account; keeps what that gave."""
        service = await see_service(self._gateway, asked)
        number = int(asked.named["number"])
        more: dict[str, Any] = {"giver": asked.minter, "by": asked.actor}
        found = there(await self._gateway.services.prove(self._gateway, service.id, number, asked.call, **more))
        problems = problems_shown(found.proof.problems)
        return Answer(ProvedShown(problems=problems, evaluation=evaluation_shown(found.evaluation)))

    async def list_evaluations(self, asked: Asked, nothing: Nothing) -> Answer:
        """List what is kept of the trials of a release, the newest first; that one says whether it may be published."""
        service = await see_service(self._gateway, asked)
        store = await self._gateway.store.services()
        release = there(await store.get_release(service.id, int(asked.named["number"])))
        return Answer(EvaluationsShown(tuple(map(evaluation_shown, await store.list_evaluations(release.id)))))

    async def try_service(self, asked: Asked, wish: AttemptWish) -> Answer:
        """Answer one request with a draft, or a release, on the caller's account; nothing is published."""
        service = await see_service(self._gateway, asked)
        number = wish.release if isinstance(wish.release, int) else None
        attempt, edit = attempt_of(wish), self._edit(asked, wish)
        found = await try_out(self._gateway, service.id, number, attempt, asked.call, giver=asked.minter, edit=edit)
        if found is None:
            raise NotFound("there is no such release")
        return Answer(tried_shown(found))

    def _edit(self, asked: Asked, wish: AttemptWish) -> DraftEdit | None:
        """Give what makes of the draft what is wished for, under the rules of a change; raises `FieldsRefused`."""
        patch = wish.draft
        if patch is UNSET:
            return None
        if wish.release is not UNSET:
            raise refused("draft", "a release is tried as it is; leave one of the two out")

        def edit(seen: Service, draft: Design) -> Design:
            service, made = within_reach(asked, seen), merged(draft, patch)
            kind = self._gateway.services.kinds.get(service.kind)
            check_references(asked, kind, draft.definition, made.definition)
            return made

        return edit
