"""From a path to the published service it calls, before anybody asks who calls."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from tollbridge.call import Call
from tollbridge.errors import Denied, GatewayError, ModelNotFound, NotFound, Unavailable
from tollbridge.formats.dialect import Envelope, ModelEntry, Operation
from tollbridge.formats.seal import Seal
from tollbridge.sanity import two_ways, with_escaped_slashes
from tollbridge.services.admitting import is_hidden
from tollbridge.services.book import Book, Books, Guarded, Live
from tollbridge.services.kinds import MODEL, OPERATION, ServiceOperation
from tollbridge.services.model import Access, Design, Service
from tollbridge.services.opened import Opened
from tollbridge.services.speaking import Spoken, models_of, service_of, spoken
from tollbridge.services.subscribing import Subscribed
from tollbridge.tokens.model import Principal

PREFIX = "/v1/apis/"
"""Where services are, each below its slug."""
VERSION = b"tollbridge-version"
"""The header that asks for a version, and says which one answered."""
LABEL, SPEAK = "service", "speak"
_LONGEST = 100


class Entered(msgspec.Struct, eq=False):
    """What a call found: a release of a service, or why there is nothing.

    `refusal` is told only to who may call anything of this name; that what serves could not be made, at the very
    end, so that the call is counted as one that failed. `root` is the path of the service as it was
    called, `below` the rest; of one that is called as a model there is `spoken` instead. `terms` are those of the
    subscription it is called under, where there is one. `audience` is whom the gateway's word on who calls is for,
    None for the wrapped app, and `refused` are headers of a refusal of the call. `asked` is the release that has
    nothing of what is called, and `about` the one that says to whom the service shows itself. `operation` is what of
    the release is called, found before anything of the call was changed.
    """

    root: str = ""
    below: str = ""
    service: Service | None = None
    live: Live | None = None
    refusal: GatewayError | None = None
    spoken: Spoken | None = None
    terms: Subscribed | None = None
    audience: str | None = None
    refused: tuple[tuple[bytes, bytes], ...] = ()
    asked: Live | None = None
    about: Live | None = None
    operation: ServiceOperation | None = None

    def is_hidden_from(self, principal: Principal | None) -> bool:
        """Whether somebody hears of the service by a subscription alone; whoever may call it without one may hear."""
        service, about = self.service, self.about
        if service is None or about is None or about.design.access is Access.SCOPE:
            return False
        return is_hidden(principal, service, about.design)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call that was let in, within the policies of its service and its plan."""
        guarded = self.guarded()
        await (self.answer if guarded is None else guarded.carry)(scope, receive, send)

    def guarded(self) -> Guarded | None:
        """Give the policies of the service and of the plan that the call is under."""
        return self._found().guarded("" if self.terms is None else self.terms.policies)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call that its policies let pass."""
        served = await self._found().served()
        if self.spoken is not None:
            await self.spoken.answer(service_of(served), scope, receive, send)
        else:
            await served(self._below(scope), receive, send)

    def _found(self) -> Live:
        if self.live is None:
            raise self.refusal or NotFound("there is no such service")
        return self.live

    def _below(self, scope: Scope) -> dict[str, Any]:
        """Give the scope as an app mounted at the service's path sees it (ASGI: `path` begins with `root_path`)."""
        root = scope.get("root_path", "").rstrip("/") + self.root
        return {**scope, "root_path": root, "path": root + self.below, OPERATION: self.operation}


class Entrance:
    """Finds services in the book.  `seal` is for what their answers keep of a provider's state.

    `strict`: what one that is called as a model would leave out of a request is refused, whoever asks. A call that
    finds nothing is one without a token where `opened` knows that such a call could find something.
    """

    def __init__(self, books: Books, seal: Seal, opened: Opened, *, strict: bool = False) -> None:
        self._books = books
        self._seal = seal
        self._opened = opened
        self._strict = strict

    async def enter(self, call: Call) -> None:
        """Say in the call which service and operation its path asks for; raises `Unavailable` where nobody knows."""
        named, slash, rest = with_escaped_slashes(call.path, call.raw_path).removeprefix(PREFIX).partition("/")
        slug, at, version = named.partition("@")
        if at and not version:
            version = "@"  # which none has
        entered = call.entered = Entered(root=PREFIX + named, below=slash + rest)
        call.service = slug[:_LONGEST]
        call.operation = operation_of(call.service)
        self._find(entered, await self._books.current(), slug, version if at else _asked(call))
        service, live = entered.service, entered.live
        if service is None or live is None:
            call.public = service is not None and await self._was_open(service, entered.about)
            return
        if _is_paused(entered):
            call.public = await self._opened.now(service, live)
            return
        try:
            found = await _found(call, entered.below, slug, live)
        except GatewayError as exc:
            if isinstance(exc, Unavailable):
                call.release = live.release.id
            entered.refusal, entered.live, entered.asked = exc, None, live
            call.public = await self._opened.now(service, live)
            return
        call.operation, call.release = operation_of(slug, found.name), live.release.id
        entered.operation = found
        entered.audience = slug if found.audience == "" else found.audience
        entered.refused = found.refused
        call.public = found.public
        call.call_price = live.price if found.price is None else found.price

    async def _was_open(self, service: Service, about: Live | None) -> bool:
        """Whether everybody may hear why nothing of a service is served."""
        if service.live or service.retired_at is not None or about is None:
            return await self._opened.was(service)
        return await self._opened.now(service, about)

    async def enter_model(self, call: Call, operation: Operation, envelope: Envelope) -> None:
        """Say in the call which service its model is, `api/<slug>` or `api/<slug>@<version>`.

        From then on it is a call of that service. Raises as `enter` does, and `BadRequest` for what is no conversation.
        """
        slug, at, version = envelope.model[len(MODEL) :].partition("@")
        speaking = spoken(call, operation, envelope, self._seal, strict=self._strict or call.strict)
        entered = call.entered = Entered(spoken=speaking)
        call.service = slug[:_LONGEST]
        call.operation = operation_of(call.service, SPEAK)
        book = await self._books.current()
        entry = book.entries.get(slug)
        if entry is not None and not entry.spoken and entry.service.retired_at is None:
            entered.service, entered.about = entry.service, entry.live or entry.last
            entered.refusal = ModelNotFound(f"the service {slug!r} is not called as a model", param="model")
            return
        self._find(entered, book, slug, version if at else _asked(call))
        live = entered.live
        if live is None or _is_paused(entered):
            return
        entered.audience = slug
        call.call_price, call.release = live.price, live.release.id

    async def refresh(self) -> None:
        """Read the book where it has changed; raises `Unavailable` where nobody knows."""
        await self._books.current()

    def models(self) -> Sequence[tuple[ModelEntry, Service, Design]]:
        """List the services that are called as models, as of the last look into the book."""
        return models_of(self._books.known)

    def _find(self, entered: Entered, book: Book, slug: str, version: str) -> None:
        """Find the release of a service that serves this version, empty for none named."""
        entry = book.entries.get(slug)
        if entry is None:
            entered.refusal = no_service(slug[:_LONGEST])
            return
        entered.service, entered.about = entry.service, entry.live or entry.last
        entered.live = entry.versions.get(version) if version else entry.live
        if entered.live is None:
            entered.refusal = stopped(entry.service) or NotFound(
                f"the service {slug!r} serves no version {version[:_LONGEST]!r}; "
                f"it serves {', '.join(sorted(entry.versions)) or 'none'}"
            )


def no_service(slug: str) -> NotFound:
    """Give the refusal where there is no service of this name, or none for whoever calls."""
    return NotFound(f"there is no service {slug!r}")


def _is_paused(entered: Entered) -> bool:
    """Take away what would serve, where a service is paused."""
    if entered.service is None or entered.service.paused_at is None:
        return False
    entered.live, entered.refusal = None, stopped(entered.service)
    return True


async def _found(call: Call, below: str, slug: str, live: Live) -> ServiceOperation:
    """Find what is called of a release; raises why there is nothing."""
    served = await live.served()
    if "%" in below and not getattr(served, "escaped_slashes", False):
        raise two_ways()
    found = served.find(call.method, below, call.headers, call.query)
    if found is None:
        raise NotFound(f"the service {slug!r} has nothing at {below[:200] or '/'}")
    return found


def operation_of(slug: str, name: str = "*") -> Operation:
    """Give an operation of a service, or what stands for any of them where it is not known, or not told, which."""
    return Operation(scope=f"service:{slug}:{name}", label=LABEL, path=name, ai=False)


def _asked(call: Call) -> str:
    return (call.header(VERSION) or b"").decode("latin-1").strip()


def stopped(service: Service) -> GatewayError | None:
    """Give the refusal of a service of which nothing is served.

    One that is retired is 410, with a pointer to what took its place; one that is paused 503, with the reason, and so
    is one whose releases failed.
    """
    if service.retired_at is not None:
        instead = f"; use {PREFIX}{service.successor} instead" if service.successor else ""
        headers = {"link": f'<{PREFIX}{service.successor}>; rel="successor-version"'} if service.successor else {}
        said = f"the service {service.slug!r} is retired{instead}"
        return NotFound(said, status=410, code="service_retired", headers=headers)
    if service.paused_at is not None:
        why = f": {service.paused_why}" if service.paused_why else "; its owner says when it goes on"
        return Denied(f"the service {service.slug!r} is paused{why}", status=503, code="service_paused")
    return None if service.live else Unavailable(f"the service {service.slug!r} cannot be served now")
