"""Starters: drafts of prompt APIs to begin with, which name no model yet."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tollbridge import Gateway
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.services import READ
from tollbridge_prompts import STARTERS, starter

KIND = "prompt"


class StarterShown(msgspec.Struct, frozen=True):
    """A starter; `draft` is what a service of this `kind` can begin with."""

    name: str
    kind: str
    draft: dict[str, Any]


class StartersShown(msgspec.Struct, frozen=True):
    """All that there are."""

    items: Sequence[StarterShown]


class Starters:
    """Answers for them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (route("GET", "/prompt-starters", self.list_starters, takes=Nothing, gives=StartersShown, scope=READ),)

    async def list_starters(self, asked: Asked, nothing: Nothing) -> Answer:
        """List the prompt APIs to begin with; none where this gateway has no services of their kind."""
        known = STARTERS if KIND in self._gateway.services.kinds else ()
        return Answer(StartersShown([StarterShown(name, KIND, dict(starter(name))) for name in known]))
