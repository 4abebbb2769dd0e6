"""The servers behind the gateway's own links: open to every valid token, for each tool call is judged by itself."""

from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge import Call, ConfigError, Gateway, GatewayError
from tollbridge.authorizing import issuer_of
from tollbridge.formats import Operation
from tollbridge.inside import entrance
from tollbridge_mcp.app import make_endpoint, origins_of
from tollbridge_mcp.messages import write_refusal
from tollbridge_mcp.metadata import Challenging, metadata_url
from tollbridge_mcp.pages import Pages

SERVICE = "mcp"
"""What the access log and the metrics call it."""
_OPERATION = Operation(scope="", label=SERVICE, path="/v1/mcp", ai=False)


def mount(gateway: Gateway) -> ASGIApp:
    """Build what answers; where the SDK is not installed, that says so to whoever calls."""
    try:
        app = make_endpoint(gateway, entrance(gateway))
    except ConfigError as exc:
        app = _Lacking(str(exc))
    guarded = gateway.guard(app, service=SERVICE, find=_find, write_refusal=_refusal, outsiders=True)
    issuer = issuer_of(gateway.config)
    challenging = Challenging(guarded, lambda path: metadata_url(issuer, path))
    return Pages(challenging, origins_of(gateway.config))


def _refusal(call: Call, error: GatewayError) -> tuple[bytes, bytes]:
    """Write a refusal as JSON-RPC has it, where no message could be read: without an id."""
    return b"application/json", write_refusal(None, error)


def _find(call: Call) -> Operation:
    return _OPERATION


class _Lacking:
    """Answers where there is no SDK."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise GatewayError(self._why, status=501, code="not_installed")
