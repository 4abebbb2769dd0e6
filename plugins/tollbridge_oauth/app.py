"""The ASGI apps: endpoints for programs, pages for people, and documents about both."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge import Gateway, GatewayError, NotFound
from tollbridge.browsing import Place, Shield
from tollbridge_oauth import devices
from tollbridge_oauth.addresses import PATH, Addresses
from tollbridge_oauth.answers import answer, failure, refusal
from tollbridge_oauth.authentication import Authentication
from tollbridge_oauth.consent import Consenting
from tollbridge_oauth.forms import names_another, read_form
from tollbridge_oauth.looking import Looking
from tollbridge_oauth.metadata import Document, resource_metadata, server_metadata
from tollbridge_oauth.minting import Mint
from tollbridge_oauth.origins import Origins
from tollbridge_oauth.pages import Pages
from tollbridge_oauth.refusals import InvalidTarget, OAuth2Error
from tollbridge_oauth.registration import Registration
from tollbridge_oauth.tokens import TokenEndpoint, address_of
from tollbridge_oauth.verifying import Verifying

_PAGES = ("authorize", "device", "language", "static")

Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(gateway: Gateway) -> ASGIApp:
    """Build the endpoints; raises `ConfigError` where they could not be reached safely."""
    addresses = Addresses.of(gateway.config)
    authentication = Authentication(gateway, addresses.issuer)
    mint = Mint(addresses.issuer, gateway.clock)
    tokens = TokenEndpoint(gateway, authentication, mint)
    looking = Looking(gateway, authentication, addresses.issuer)
    endpoints: dict[str, Endpoint] = {
        "token": tokens,
        "revoke": looking.revoke,
        "introspect": looking.introspect,
        "device_authorization": _device_authorization(gateway, addresses, authentication),
    }
    if gateway.config.oauth.registration:
        endpoints["register"] = Registration(gateway)
    routes = [Route(f"/{name}", _failing(endpoint), methods=["POST"]) for name, endpoint in endpoints.items()]
    programs = Origins(Starlette(routes=routes), gateway.config.services.mcp_origins)
    return Split(programs, _pages(gateway, authentication, mint))


class Split:
    """Sends a request to the endpoints for programs or to the pages for people, which are guarded otherwise."""

    def __init__(self, endpoints: ASGIApp, pages: ASGIApp) -> None:
        self._endpoints = endpoints
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        below = scope["path"].removeprefix(scope.get("root_path", "")).split("/")[1:2]
        await (self._pages if below and below[0] in _PAGES else self._endpoints)(scope, receive, send)


def _pages(gateway: Gateway, authentication: Authentication, mint: Mint) -> ASGIApp:
    pages = Pages(gateway)
    consenting, verifying = Consenting(pages, authentication, mint), Verifying(pages, authentication)
    routes = [
        Route(f"{PATH}/authorize", consenting.page, methods=["GET"]),
        Route(f"{PATH}/authorize", consenting.decide, methods=["POST"]),
        Route(f"{PATH}/device", verifying.page, methods=["GET"]),
        Route(f"{PATH}/device", verifying.decide, methods=["POST"]),
        Route(f"{PATH}/language", pages.languages.switch, methods=["POST"]),
        Route(f"{PATH}/static/{{name}}", pages.assets.serve),
    ]
    failures = {HTTPException: pages.failed, GatewayError: pages.failed}
    server = gateway.config.server
    place = Place(server.public_url, server.prefix, PATH)
    app = Starlette(routes=routes, exception_handlers=failures)
    return Shield(app, place, refuse=pages.refuse, clock=gateway.clock, languages=pages.languages)


def server_document(gateway: Gateway) -> ASGIApp:
    """Build what is said of the server."""
    addresses = Addresses.of(gateway.config)
    return Document(server_metadata(gateway, addresses), addresses.path)


def resource_document(gateway: Gateway) -> ASGIApp:
    """Build what is said of the gateway."""
    addresses = Addresses.of(gateway.config)
    return Document(resource_metadata(addresses), addresses.path)


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer where the server is switched off."""
    raise NotFound("there is no authorization server here; [oauth] enabled switches it on")


def _device_authorization(gateway: Gateway, addresses: Addresses, authentication: Authentication) -> Endpoint:
    async def begin(request: Request) -> Response:
        try:
            form, address = await read_form(request), address_of(request)
            client = await authentication.client(request.headers.get("authorization"), form, address)
            if client.is_public:
                gateway.throttle.ask(address)
            if names_another(form, addresses.issuer):
                raise InvalidTarget()
            return answer(await devices.begin(gateway, addresses, client, form.get("scope")))
        except OAuth2Error as exc:
            return refusal(exc)

    return begin


def _failing(endpoint: Endpoint) -> Endpoint:
    """Have an endpoint answer in its own form what the gateway refuses."""

    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except GatewayError as exc:
            return failure(exc)

    return answering
