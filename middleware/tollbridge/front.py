"""What the gateway answers itself: health, metrics, and the apps under its prefix.  The rest goes to the chain."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge.call import local_path
from tollbridge.errors import GatewayError, NotFound, PluginError, SetupError
from tollbridge.guarding import is_guarded
from tollbridge.layers.layer import Layer
from tollbridge.layers.sanity import Sanity
from tollbridge.registry import Mounted

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway


T = TypeVar("T")

_ENDS = ("", "/")
_WELL_KNOWN = "/.well-known/"
JWKS = "/jwks.json"
"""Where the public keys are, below the prefix."""


class Front:
    """Routes one request to the gateway's own pages or to the chain.

    Health is under the prefix, and at `/healthz` and `/readyz` where no app is wrapped. What plugins offer below
    `/.well-known/` is there whether an app is wrapped or not, and nothing else of that place is ours; so are the apps
    that have a path of their own. What is about a path stands there with the public URL's before it as well.
    """

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._chain = gateway.chain
        server = gateway.config.server
        self._prefix = server.prefix
        self._apps = sorted(
            ((path.rstrip("/"), self._guarded(path, mounted)) for path, mounted in gateway.registry.apps.items()),
            key=lambda item: -len(item[0]),
        )
        self._paths = tuple(
            (path.rstrip("/"), self._guarded(path, mounted)) for path, mounted in gateway.registry.paths.items()
        )
        made = {name: _made(name, factory, gateway) for name, factory in gateway.registry.well_known.items()}
        base = urlsplit(server.public_url).path
        apps = [(name, self._safe(app)) for name, app in made.items() if app is not None]
        known = [(_WELL_KNOWN + place, app) for name, app in apps for place in _places(name, base)]
        self._known = sorted(known, key=lambda item: -len(item[0]))
        own: dict[str, ASGIApp] = {}
        bases = [server.prefix] if server.prefix else []
        if gateway.app is None:
            bases.append("")
        for base in bases:
            own[f"{base}/healthz"] = self._health
            own[f"{base}/readyz"] = self._readiness
        if gateway.vouching is not None or gateway.issuing is not None:
            own[f"{server.prefix}{JWKS}"] = self._jwks
        if server.metrics:
            own[server.metrics] = self._metrics
        self._own = {path: Sanity(app, clock=gateway.clock) for path, app in own.items()}
        self._nothing = Sanity(_nothing, clock=gateway.clock)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        path = local_path(scope)
        own = self._own.get(path)
        if own is not None and scope["type"] == "http":
            return own(scope, receive, send)
        if self._prefix and path.startswith(self._prefix) and path[len(self._prefix) : len(self._prefix) + 1] in _ENDS:
            return self._mounted(scope, receive, send)
        if self._known and path.startswith(_WELL_KNOWN) and scope["type"] == "http":
            for name, app in self._known:
                if path.startswith(name) and path[len(name) : len(name) + 1] in _ENDS:
                    root = scope.get("root_path", "").rstrip("/") + name
                    return app({**scope, "root_path": root}, receive, send)
        for mount, app in self._paths if scope["type"] == "http" else ():
            if path.startswith(mount) and path[len(mount) : len(mount) + 1] in _ENDS:
                return app(scope, receive, send)
        return self._chain.carry(scope, receive, send)

    async def _mounted(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = local_path(scope).removeprefix(self._prefix)
        for mount, app in self._apps:
            if path == mount or path.startswith(mount + "/"):
                root = scope.get("root_path", "").rstrip("/") + self._prefix + mount
                await app({**scope, "root_path": root}, receive, send)
                return
        await self._nothing(scope, receive, send)

    def _guarded(self, path: str, mounted: Mounted) -> ASGIApp:
        """Make an app; raises `PluginError` for one that would let everybody in."""
        app = _made(path, mounted.factory, self._gateway)
        if not mounted.own_guard and not is_guarded(app):
            raise PluginError(
                f"the app at {path!r} lets everybody in: its plugin must put it behind gateway.guard(...), or say by "
                "register(..., own_guard=) how it knows its callers; to start without it: plugins.disabled"
            )
        return self._safe(app)

    def _safe(self, app: ASGIApp) -> ASGIApp:
        """Put the refusal of ambiguous requests before an app that does not begin with links of ours."""
        if isinstance(app, Layer) and any(isinstance(layer, Sanity) for layer in app.plan.layers):
            return app
        return Sanity(app, clock=self._gateway.clock)

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _answer(send, 200, b'{"status":"ok"}')

    async def _jwks(self, scope: Scope, receive: Receive, send: Send) -> None:
        signing = (self._gateway.vouching, self._gateway.issuing)
        keys = [key for keys in signing if keys is not None for key in await keys.published()]
        await _answer(send, 200, msgspec.json.encode({"keys": keys}), b"application/jwk-set+json")

    async def _readiness(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._gateway.store.check()
        except GatewayError as exc:
            await _answer(send, 503, msgspec.json.encode({"status": "unavailable", "reason": exc.message}))
            return
        await _answer(send, 200, b'{"status":"ready"}')

    async def _metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        body, kind = self._gateway.metrics.render(accept.decode("latin-1"))
        await _answer(send, 200, body, kind.encode("latin-1"))


def _places(name: str, base: str) -> Sequence[str]:
    """Give where a document is: one about a path also behind the path that a proxy takes away (RFC 9728, 3.1)."""
    about, slash, path = name.partition("/")
    return (name, f"{about}{base}/{path}") if slash and base else (name,)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    raise NotFound(f"there is nothing at {local_path(scope)[:200]}")


def _made(path: str, factory: Callable[..., T], gateway: "Gateway") -> T:
    """Make a plugin's app; raises `PluginError` naming its path."""
    try:
        return factory(gateway)
    except SetupError:
        raise
    except Exception as exc:
        raise PluginError(
            f"the app at {path!r} could not be made: {exc}; to start without it: plugins.disabled"
        ) from exc


async def refuse_start(scope: Scope, send: Send) -> None:
    """Answer a request to a gateway that could not start; the log has the reason."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013, "reason": "unavailable"})
        return
    message = "the gateway could not start; its log says why"
    await _answer(send, 503, msgspec.json.encode({"error": {"code": "unavailable", "message": message}}))


async def _answer(send: Send, status: int, body: bytes, kind: bytes = b"application/json") -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
