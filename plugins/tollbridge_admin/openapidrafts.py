"""OpenAPI documents as services to begin with: sent, or fetched through the gateway's guarded transport.

A fetch leads to a public address alone, over TLS, follows no redirect and takes nothing of the gateway's along (T27).
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tollbridge import Gateway, NotFound
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.bodies import DESIGN
from tollbridge_admin.problems import refused
from tollbridge_admin.routes import Route, route
from tollbridge_admin.services import WRITE
from tollbridge_admin.tokenshapes import Wish
from tollbridge_rest import documents, drafting

KIND = "rest"
Url = Annotated[str, Meta(max_length=2_000)]


class OpenApiWish(Wish, frozen=True):
    """An OpenAPI document, the text of one in JSON or YAML, or its URL.

    `upstream` is where calls go in place of its first server.
    """

    url: Url = ""
    document: dict[str, Any] | None = None
    text: str = ""
    upstream: Url = ""


class OpenApiDrafted(msgspec.Struct, frozen=True):
    """A draft to make a service of, and in sentences what of the document is not used and what is not right yet."""

    kind: str
    draft: dict[str, Any]
    notes: Sequence[str]
    operations: int


class OpenApiDrafts:
    """Answers for them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        more: dict[str, Any] = {"scope": WRITE, "looks": True, "also": (404,), "bounds": DESIGN}
        return (route("POST", "/openapi-drafts", self.draft_service, takes=OpenApiWish, gives=OpenApiDrafted, **more),)

    async def draft_service(self, asked: Asked, wish: OpenApiWish) -> Answer:
        """Write a draft of an OpenAPI document, sent or fetched; nothing is made of it yet."""
        if KIND not in self._gateway.services.kinds:
            raise NotFound("this gateway has no services of the kind rest")
        if sum((wish.document is not None, bool(wish.text), bool(wish.url))) != 1:
            raise refused("url", "send either the document, its text or its url")
        read = wish.text.encode("utf-8")
        fetched = await documents.fetch_document(self._gateway.transport, wish.url) if wish.url else read
        drafted = await asyncio.to_thread(_drafted, wish, fetched)
        return Answer(OpenApiDrafted(KIND, drafted.design, drafted.told, drafted.operations))


def _drafted(wish: OpenApiWish, fetched: bytes) -> drafting.Drafted:
    document = documents.read_document(fetched) if wish.document is None else wish.document
    return drafting.draft_of(document, upstream=wish.upstream, source=wish.url)
