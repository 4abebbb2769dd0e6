"""The wrapped app's own routes as a service to begin with, as `tollbridge app-routes` writes them.

What the app answers is the whole bridge's to know, so a caller with a team is shown none of it.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tollbridge import Denied, Gateway, NotFound
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.routes import Route, route
from tollbridge_admin.services import WRITE
from tollbridge_admin.tokenshapes import Wish
from tollbridge_routes import app

KIND = "app"


class AppWish(Wish, frozen=True):
    """Which routes of the app; those below a path, which then stands in no URL of the service."""

    prefix: Annotated[str, Meta(max_length=200, pattern="^(/[!-~]*)?$", examples=["/shop"])] = ""


class AppDrafted(msgspec.Struct, frozen=True):
    """A draft to make a service of, and in sentences what of the app is not in it."""

    kind: str
    draft: dict[str, Any]
    notes: Sequence[str]
    operations: int


class AppDrafts:
    """Answers for them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        more: dict[str, Any] = {"scope": WRITE, "looks": True, "may_be_bare": True, "also": (404,)}
        return (route("POST", "/app-drafts", self.draft_app, takes=AppWish, gives=AppDrafted, **more),)

    async def draft_app(self, asked: Asked, wish: AppWish) -> Answer:
        """Write a draft of the routes of the app that the gateway wraps; nothing is made of it yet."""
        if asked.caller.team:
            raise Denied("a token with a team is not shown the routes of the app", code="out_of_reach")
        if KIND not in self._gateway.services.kinds or self._gateway.app is None:
            raise NotFound("this gateway wraps no app whose routes could be served")
        drafted = await asyncio.to_thread(app.draft_of, self._gateway.app, wish.prefix.rstrip("/"))
        if drafted is None:
            raise NotFound("the app shows no routes: it is no app of Starlette or FastAPI")
        routes = drafted.design["definition"]["routes"]
        return Answer(AppDrafted(KIND, drafted.design, drafted.left_out, len(routes)))
