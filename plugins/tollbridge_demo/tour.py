"""The first two calls, made over the network like anybody's."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2

QUESTION = "Say in one short sentence what a toll bridge is."


class Tour:
    """One streamed chat call and one order, through the whole chain of the gateway at `base`."""

    def __init__(self, base: str, token: str, model: str, say: Callable[[str], None]) -> None:
        self._base = base
        self._headers = {"authorization": f"Bearer {token}"}
        self._model = model
        self._say = say

    async def run(self) -> None:
        """Make both calls; raises `httpx2.HTTPError` if one fails."""
        async with httpx2.AsyncClient(
            base_url=self._base, headers=self._headers, timeout=120, trust_env=False
        ) as client:
            await self._chat(client)
            await self._order(client)

    async def _chat(self, client: httpx2.AsyncClient) -> None:
        self._say(f"POST /v1/chat/completions  {self._model}: {QUESTION!r}")
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": QUESTION}],
            "max_tokens": 60,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        usage: dict[str, Any] = {}
        print("\n    ", end="")
        async with client.stream("POST", "/v1/chat/completions", json=body) as answer:
            if answer.status_code != 200:
                await answer.aread()
                answer.raise_for_status()
            async for line in answer.aiter_lines():
                if not line.startswith("data: {"):
                    continue
                chunk = json.loads(line.removeprefix("data: "), parse_float=Decimal)
                if "error" in chunk:
                    raise httpx2.RemoteProtocolError(str(chunk["error"].get("message")))
                for choice in chunk.get("choices", []):
                    print((choice["delta"].get("content") or "").replace("\n", "\n    "), end="", flush=True)
                usage = chunk.get("usage") or usage
        print("\n", flush=True)
        self._say(
            f"toll taken: {usage.get('cost', Decimal(0)):f} USD for {usage.get('prompt_tokens', '?')} tokens in and "
            f"{usage.get('completion_tokens', '?')} out"
        )

    async def _order(self, client: httpx2.AsyncClient) -> None:
        order = {"item": "lantern", "quantity": 2, "unit_price": "14.50"}
        self._say(f"POST /orders  {json.dumps(order)}")
        answer = await client.post("/orders", json=order)
        answer.raise_for_status()
        print(f"\n    {answer.status_code} {answer.text}\n", flush=True)
        self._say("toll taken: 0.0001 USD, the price of a call to this service")
