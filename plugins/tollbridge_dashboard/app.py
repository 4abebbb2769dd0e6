"""The dashboard's ASGI app."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from tollbridge import Gateway, GatewayError
from tollbridge.browsing import Place, Shield
from tollbridge_dashboard.guard import Guard
from tollbridge_dashboard.needs import routes
from tollbridge_dashboard.pages import Pages


def make_app(gateway: Gateway) -> ASGIApp:
    """Build the app, to be mounted where its links begin with the scope's `root_path`."""
    pages, server = Pages(gateway), gateway.config.server
    found = [*routes(pages), Route("/static/{name}", pages.assets.serve)]
    failures = {HTTPException: pages.failed, GatewayError: pages.failed}
    app = GZipMiddleware(Starlette(routes=found, exception_handlers=failures))
    place = Place(server.public_url, server.prefix)
    return Shield(app, place, refuse=pages.refuse, clock=gateway.clock, admit=Guard(pages).admit)
