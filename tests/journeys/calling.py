"""A call of a model, as somebody's program makes it."""

import httpx2
from tests.live.looking import bearer, chat
from tests.support.live import LiveGateway


def call(live: LiveGateway, token: str, **fields: object) -> httpx2.Response:
    """Call the small model for a short answer, unless `fields` say otherwise."""
    body = chat(**{"max_tokens": 10, **fields})
    return httpx2.post(f"{live.url}/v1/chat/completions", json=body, headers=bearer(token), timeout=30)
