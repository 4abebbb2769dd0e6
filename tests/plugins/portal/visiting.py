"""A gateway with published services, and somebody with a browser before its portal."""

from typing import Any

from tests.support.visiting import Visitor

from tollbridge.screens import Asking, Viewer
from tollbridge.sessions import Browser

DIGEST: dict[str, Any] = {
    "name": "Digest",
    "description": "Sums a text up.",
    "tags": ["text"],
    "access": "scope",
    "docs": "Send a text.\n\nGet a digest.",
    "definition": {
        "model": "gpt-4o-mini",
        "user": "{{text}} in {{language}}",
        "variables": {
            "text": {"type": "string", "minLength": 1, "maxLength": 200, "description": "What to sum up."},
            "language": {"type": "string", "default": "en", "maxLength": 9},
        },
    },
}


async def operator(visitor: Visitor) -> Asking:
    """Give what asks the admin API as the operator."""
    gateway = visitor.under.gateway
    session = await gateway.sessions.find((await gateway.sessions.begin("", "link", Browser("", ""))).secret)
    assert session is not None
    return Asking(gateway, Viewer(session))


async def publish(visitor: Visitor, slug: str = "digest", draft: dict[str, Any] = DIGEST, kind: str = "prompt") -> None:
    """Publish a service."""
    asking = await operator(visitor)
    await asking.post("/services", {"slug": slug, "kind": kind, "draft": draft})
    made = await asking.post(f"/services/{slug}/releases", {"version": "1.0.0", "note": "The first."})
    for step in ("submit", "approve", "publish"):
        await asking.post(f"/services/{slug}/releases/{made['number']}/{step}", {})
