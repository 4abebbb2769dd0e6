"""The dashboard's ASGI app."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from tollbridge import Gateway, GatewayError
from tollbridge_dashboard.door import Door
from tollbridge_dashboard.guard import Guard
from tollbridge_dashboard.home import Home
from tollbridge_dashboard.pages import Pages
from tollbridge_dashboard.place import Place
from tollbridge_dashboard.signing_in import SignIn
from tollbridge_dashboard.tokens import Tokens


def make_app(gateway: Gateway) -> ASGIApp:
    """Build the app, to be mounted where its links begin with the scope's `root_path`."""
    pages = Pages(gateway)
    door = Door(gateway.admin_key, gateway.config.data, gateway.clock)
    place = Place(gateway.config.server.public_url, gateway.config.server.prefix)
    sign_in = SignIn(pages, door)
    home = Home(pages)
    tokens = Tokens(pages)
    routes = [
        Route("/", home.page),
        Route("/sign-in", sign_in.page, methods=["GET"]),
        Route("/sign-in", sign_in.enter, methods=["POST"]),
        Route("/sign-out", sign_in.leave, methods=["POST"]),
        Route("/theme", pages.switch_theme, methods=["POST"]),
        Route("/tokens", tokens.page, methods=["GET"]),
        Route("/tokens/new", tokens.form, methods=["GET"]),
        Route("/tokens/new", tokens.create, methods=["POST"]),
        Route("/tokens/{id}/revoke", tokens.ask, methods=["GET"]),
        Route("/tokens/{id}/revoke", tokens.revoke, methods=["POST"]),
        Route("/tokens/{id}/used", tokens.used, methods=["GET"]),
        Route("/static/{name}", pages.assets.serve),
    ]
    failures = {HTTPException: pages.failed, GatewayError: pages.failed}
    app = GZipMiddleware(Starlette(routes=routes, exception_handlers=failures))
    return Guard(app, door, place, refuse=pages.refuse, clock=gateway.clock)
