"""What a whole gateway serves to whoever shows no token, wrapped app or not: what is said here, with its reason (T19).

The paths are found in the apps themselves, however deep in them their routes are, so that a new one is walked too.
"""

import re
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tollbridge import Gateway, hookimpl
from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway"]

CONFIG = {
    "server": {"public_url": "https://gw.example"},
    "oauth": {"enabled": True, "registration": True, "registration_token": "env:REGISTERING"},
    "service": {"vouch": True},
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CLOSED = (401, 403, 404, 405)
EVERY = ", ".join(f"{method} 200" for method in METHODS)
READ = "GET 200, HEAD 200"
_ALIVE, _DOCUMENT = "whoever watches machines has no token", "it is what says where a token is got"
_CLIENT = "a client shows who it is in the form, and none was sent"
OPEN = {
    **dict.fromkeys(("/healthz", "/readyz", "/_tollbridge/healthz", "/_tollbridge/readyz"), (EVERY, _ALIVE)),
    "/metrics": (EVERY, "scrapers have no token; `[server] metrics` says where it is, or that it is not"),
    "/_tollbridge/jwks.json": (EVERY, "public keys, for whoever checks what the gateway signed"),
    **dict.fromkeys(
        ("/_tollbridge/api/leaked", "/_tollbridge/api/leaked/", "/_tollbridge/api/v1/leaked"),
        ("POST 415", "who found a token that leaked has none of their own"),
    ),
    "/_tollbridge/api/v1/secret-pattern": (READ, "scanners look for tokens by it"),
    "/_tollbridge/api/v1/catalogue": (READ, "what is published for everybody"),
    "/_tollbridge/api/v1/catalogue/services": (READ, "what is published for everybody"),
    "/_tollbridge/sign-in": (READ, "one signs in there"),
    "/_tollbridge/sign-in/": ("GET 307, HEAD 307, OPTIONS 307", "it leads to the page without the slash"),
    "/_tollbridge/oauth/authorize": ("GET 400, HEAD 400", "which client asks is looked at before who agrees"),
    **dict.fromkeys(
        (f"/_tollbridge/oauth/{name}" for name in ("token", "revoke", "introspect", "device_authorization")),
        ("POST 400", _CLIENT),
    ),
    "/.well-known/oauth-authorization-server": (READ, _DOCUMENT),
    "/.well-known/oauth-protected-resource": (READ, _DOCUMENT),
    **dict.fromkeys(
        (f"/.well-known/oauth-protected-resource/v1/mcp{below}" for below in ("", "/", "/x", "/api")),
        (READ, _DOCUMENT),
    ),
}
"""What answers without a token, how, and why it does."""
ALONE = ("/healthz", "/readyz")
"""What is there where no app is wrapped."""
OURS = ("tollbridge", "starlette", "fastapi")
STOP = (Gateway, str, bytes, int)


def routes_in(app: object) -> Iterator[str]:
    """Give the path of everything in an app that has one and a method: routes, in whatever stands around them."""
    waiting, seen = [app], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, STOP):
            continue
        seen.add(id(one))
        if isinstance(getattr(one, "path", None), str) and (hasattr(one, "methods") or hasattr(one, "method")):
            yield one.path  # type: ignore[attr-defined]
        waiting.extend(parts_of(one))


def parts_of(one: object) -> list[object]:
    """Give what an object of ours, or of the framework's, is made of."""
    if isinstance(one, list | tuple | set | frozenset):
        return list(one)
    if isinstance(one, dict):
        return list(one.values())
    if isinstance(one, MethodType):
        return [one.__self__]
    if isinstance(one, FunctionType):
        return [cell.cell_contents for cell in one.__closure__ or () if cell.cell_contents is not None]
    if not type(one).__module__.startswith(OURS):
        return []
    slots = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(one, "__dict__", {}).values(), *(getattr(one, name, None) for name in slots)]


def paths_of(under: GatewayUnderTest) -> dict[str, set[str]]:
    """Give the paths below each place that an app has, and beside what its routes say some that no route has."""
    front, prefix = under.gateway.front, under.gateway.config.server.prefix
    mounts = [*((prefix + mount, app) for mount, app in front._apps), *front._paths, *front._known]
    found: dict[str, set[str]] = {path: {path} for path in front._own}
    for mount, app in mounts:
        below = {"", "/", "/x", "/x/y", "/api", *(re.sub(r"\{[^}]*\}", "x", path) for path in routes_in(app))}
        last = "/" + mount.rpartition("/")[2]
        found[mount] = {mount + (path.removeprefix(last) if path.startswith(last) else path) for path in below}

    found["/"] = {"/", "/x", "/docs", "/openapi.json", "/v1", "/v1/models", "/v1/apis/x", "/v1/chat/completions"}
    return found


async def open_in(under: GatewayUnderTest, token: str = "") -> dict[str, str]:
    """Give each path that answers, or refuses for another reason than who asks, and the methods and statuses it does.

    Being led to the page that one signs in at is to be refused.
    """
    found = dict[str, str]()
    sign_in = f"{under.gateway.config.server.prefix}/sign-in?"
    for path in sorted(set().union(*paths_of(under).values())):
        replies = {method: await under.request(method, path, token=token) for method in METHODS}
        said = [
            f"{method} {reply.status_code}"
            for method, reply in replies.items()
            if reply.status_code not in CLOSED and not reply.headers.get("location", "").startswith(sign_in)
        ]
        if said:
            found[path] = ", ".join(said)
    return found


@pytest.fixture
def make(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Callable[..., GatewayUnderTest]:
    monkeypatch.setenv("REGISTERING", "r" * 40)

    def made(**options: Any) -> GatewayUnderTest:
        return gateway(CONFIG, **options)

    return made


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"yes"})


class Forgetful:
    """A plugin whose apps stand behind nothing, whatever it says of them."""

    @hookimpl
    def register_apps(self, register: Any) -> None:
        app = Starlette(routes=[Route("/deep/{name}", lambda request: Response())])
        register("/forgotten", lambda gateway: app, own_guard="it has one")

    @hookimpl
    def register_paths(self, register: Any) -> None:
        register("/v1/forgotten", lambda gateway: answering, own_guard="it has one")


def expected(app: object) -> dict[str, str]:
    """Give what is open, which of a wrapped app nothing is."""
    return {path: said for path, (said, _) in OPEN.items() if app is None or path not in ALONE}


@pytest.mark.parametrize("app", [None, answering], ids=["alone", "wrapping"])
async def test_nothing_is_open_but_what_is_said_here(make: Callable[..., GatewayUnderTest], app: object) -> None:
    under = make(app=app)
    await under.client()

    assert await open_in(under) == expected(app)


async def test_token_that_opens_nothing_opens_no_more(make: Callable[..., GatewayUnderTest]) -> None:
    under = make()
    await under.client()

    assert (await open_in(under, "tb_" + "0" * 38)).items() <= expected(None).items()


async def test_walk_goes_through_every_app_of_every_plugin_and_the_routes_in_it(
    make: Callable[..., GatewayUnderTest],
) -> None:
    under = make()
    await under.client()
    registry, prefix = under.gateway.registry, under.gateway.config.server.prefix

    found = paths_of(under)

    assert {prefix + path.rstrip("/") for path in registry.apps} <= found.keys()
    assert {path.rstrip("/") for path in registry.paths} <= found.keys()
    assert {f"/.well-known/{name}" for name in registry.well_known} <= found.keys()
    assert len(registry.apps) > 5
    deep = {"/api/v1": "/tokens", "/sign-in": "/password", "/oauth": "/introspect", "": "/tokens/new"}
    for mount, some in deep.items():
        assert f"{prefix}{mount}{some}" in found[prefix + mount]


@pytest.mark.parametrize("app", [None, answering], ids=["alone", "wrapping"])
async def test_app_that_forgets_its_guard_is_found(make: Callable[..., GatewayUnderTest], app: object) -> None:
    under = make(app=app, plugins=(Forgetful(),))
    await under.client()

    more = set(await open_in(under)) - set(expected(app))

    assert {"/_tollbridge/forgotten/deep/x", "/v1/forgotten", "/v1/forgotten/x/y"} <= more
