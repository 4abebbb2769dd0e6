"""The ASGI app of the pages."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from tollbridge import Gateway, GatewayError
from tollbridge.browsing import Place, Shield
from tollbridge_signin import PATH
from tollbridge_signin.again import Again
from tollbridge_signin.door import Door
from tollbridge_signin.entering import Entering
from tollbridge_signin.invited import Invited
from tollbridge_signin.mine import Mine
from tollbridge_signin.pages import Pages
from tollbridge_signin.returning import Returning
from tollbridge_signin.ways import Ways


def make_app(gateway: Gateway) -> ASGIApp:
    """Build the app, to be mounted where its links begin with the scope's `root_path`; raises `ConfigError`."""
    pages, ways = Pages(gateway), Ways(gateway)
    entering = Entering(pages, Door(gateway.admin_key, gateway.config.data, gateway.clock), ways)
    invited = Invited(pages)
    again, returning, mine = Again(pages, entering, ways), Returning(pages, ways), Mine(pages, entering)
    routes = [
        Route(PATH, entering.page, methods=["GET"]),
        Route(PATH, entering.enter, methods=["POST"]),
        Route(f"{PATH}/out", entering.leave, methods=["POST"]),
        Route(f"{PATH}/again", again.page, methods=["GET"]),
        Route(f"{PATH}/again", again.prove, methods=["POST"]),
        Route(f"{PATH}/oidc/{{name}}", returning.go, methods=["GET"]),
        Route(f"{PATH}/oidc/{{name}}/callback", returning.come, methods=["GET"]),
        Route(f"{PATH}/sessions", mine.sessions, methods=["GET"]),
        Route(f"{PATH}/sessions", mine.end, methods=["POST"]),
        Route(f"{PATH}/password", mine.password, methods=["GET"]),
        Route(f"{PATH}/password", mine.change, methods=["POST"]),
        Route(f"{PATH}/invitation", invited.page, methods=["GET"]),
        Route(f"{PATH}/invitation", invited.answer, methods=["POST"]),
        Route(f"{PATH}/invitations", invited.mine, methods=["GET"]),
        Route(f"{PATH}/invitations", invited.accept, methods=["POST"]),
        Route(f"{PATH}/language", pages.languages.switch, methods=["POST"]),
        Route(f"{PATH}/static/{{name}}", pages.assets.serve),
    ]
    failures = {HTTPException: pages.failed, GatewayError: pages.failed}
    server = gateway.config.server
    place = Place(server.public_url, server.prefix, PATH)
    app = Starlette(routes=routes, exception_handlers=failures)
    return Shield(app, place, refuse=pages.refuse, clock=gateway.clock, languages=pages.languages)
