"""What a gateway mounts at `/v1/mcp`, made of its parts."""

import asyncio
from collections.abc import Callable, Collection
from importlib.util import find_spec
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from tollbridge import Call, Config, ConfigError, Gateway
from tollbridge.authorizing import issuer_of
from tollbridge.inside import keeping_open
from tollbridge_mcp.doors import Doors
from tollbridge_mcp.endpoint import Answers, Door, Endpoint, Make
from tollbridge_mcp.invoking import Entry, InProcess
from tollbridge_mcp.metadata import Documents
from tollbridge_mcp.quiet import watch_sdk

LACK = "MCP needs the mcp package; run: pip install 'tollbridge[mcp]'"

_PORTS = {"http": 80, "https": 443}


def make_endpoint(gateway: Gateway, entry: Entry) -> ASGIApp:
    """Build the endpoint; raises `ConfigError` where the SDK is not installed."""
    make = answers()
    kinds = gateway.registry.service_kinds
    url = issuer_of(gateway.config)
    clock, subscriptions = gateway.clock, gateway.store
    doors = Doors(gateway.books, kinds, InProcess(entry), url=url, subscriptions=subscriptions, clock=clock)
    return Endpoint(doors.find, make, origins=origins_of(gateway.config), hold=keeping_open(gateway))


def origins_of(config: Config) -> Collection[str]:
    """Give the origins whose pages may call; none where there is no public URL, and none is named."""
    own = [origin_of(config.server.public_url)] if config.server.public_url else []
    return (*own, *config.services.mcp_origins)


def origin_of(url: str) -> str:
    """Give the origin of a URL as browsers write it: in small letters, without a port that goes without saying."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _PORTS.get(parts.scheme)) else f":{port}")


def documents(gateway: Gateway) -> ASGIApp:
    """Build what serves the documents of RFC 9728: of the gateway's own authorization server and those of others."""
    issuer, own = issuer_of(gateway.config), gateway.config.oauth.enabled
    others = [server for _, source in gateway.sources for server in getattr(source, "authorization_servers", ())]
    return Documents(issuer, list(dict.fromkeys([*([issuer] if own else []), *others])))


def answers() -> Make:
    """Give what makes servers of the SDK; raises `ConfigError` where that is not installed.

    The SDK takes as long to import as the whole of a gateway: the first call does it, beside the event loop.
    """
    if find_spec("mcp") is None:
        raise ConfigError(LACK)
    made = list[Callable[[Door, Call], Answers]]()

    async def make(door: Door, call: Call) -> Answers:
        if not made:
            made.append(await asyncio.to_thread(_by_sdk))
        return made[0](door, call)

    return make


def _by_sdk() -> Callable[[Door, Call], Answers]:
    from tollbridge_mcp.serving import Answering, Identity

    watch_sdk()

    def make(door: Door, call: Call) -> Answers:
        return Answering(door.source, Identity(door.name, door.title, door.version, door.instructions), call)

    return make


def lacking(exc: ModuleNotFoundError) -> Exception:
    """Give what to raise for a module that is not there: the extra's name where it is of the SDK."""
    ours = exc.name is not None and exc.name.partition(".")[0] in ("mcp", "mcp_types")
    return ConfigError(LACK) if ours else exc
