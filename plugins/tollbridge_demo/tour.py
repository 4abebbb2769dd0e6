"""The first calls, made over the network like anybody's."""

import json
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

import httpx2

from tollbridge_demo.starter import PRICE_PER_CALL, PROMPT, REST

COST = "x-tollbridge-cost-usd"
TEXT = "The parcel came a day early and everything in it was whole."
QUESTION = "Say in one short sentence what a toll bridge is."


class Tour:
    """One streamed chat call, one order, and calls of what the gateway begins with, through its whole chain.

    `token` calls every model and the wrapped service; `own` is that of the application that the gateway begins with,
    empty where there is none, and `services` are those that it calls.
    """

    def __init__(
        self,
        base: str,
        token: str,
        own: str,
        model: str,
        say: Callable[[str], None],
        *,
        services: Collection[str] = (PROMPT, REST),
    ) -> None:
        self._base = base
        self._token = token
        self._own = own
        self._model = model
        self._say = say
        self._services = services

    async def run(self) -> None:
        """Make the calls; raises `httpx2.HTTPError` if one fails."""
        async with self._client(self._token) as client:
            await self._chat(client)
            await self._order(client)
        if self._own:
            async with self._client(self._own) as client:
                await self.of_services(client)

    async def of_services(self, client: httpx2.AsyncClient) -> None:
        """Make the calls of what the gateway begins with."""
        if PROMPT in self._services:
            await self._prompt(client)
            await self._prompt_as_model(client)
        if REST in self._services:
            await self._depot(client)

    def _client(self, token: str) -> httpx2.AsyncClient:
        headers = {"authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(base_url=self._base, headers=headers, timeout=120, trust_env=False)

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
                _check(answer)
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
        self._show(await client.post("/orders", json=order))
        self._say("toll taken: 0.0001 USD, the price of a call to this service")

    async def _prompt(self, client: httpx2.AsyncClient) -> None:
        body = {"text": TEXT}
        self._say(f"POST /v1/apis/{PROMPT}  {json.dumps(body)}: a prompt API, answered by {self._model}")
        answer = await client.post(f"/v1/apis/{PROMPT}", json=body)
        self._show(answer)
        self._say(f"toll taken: {answer.headers.get(COST, '?')} USD, for what was asked of the model")

    async def _prompt_as_model(self, client: httpx2.AsyncClient) -> None:
        self._say(f"POST /v1/chat/completions  api/{PROMPT}: the same prompt API as a model, for any SDK")
        asked = {"model": f"api/{PROMPT}", "messages": [{"role": "user", "content": TEXT}]}
        answer = await client.post("/v1/chat/completions", json=asked)
        _check(answer)
        print(f"\n    {answer.json()['choices'][0]['message']['content']}\n", flush=True)
        self._say(f"toll taken: {answer.headers.get(COST, '?')} USD")

    async def _depot(self, client: httpx2.AsyncClient) -> None:
        self._say(f"GET /v1/apis/{REST}/stock/lantern: a REST service, which is elsewhere")
        self._show(await client.get(f"/v1/apis/{REST}/stock/lantern"))
        self._say(f"toll taken: {PRICE_PER_CALL} USD, the price of a call to this service")

    @staticmethod
    def _show(answer: httpx2.Response) -> None:
        """Print an answer; raises `httpx2.HTTPError` for one that says no."""
        _check(answer)
        print(f"\n    {answer.status_code} {answer.text}\n", flush=True)


def _check(answer: httpx2.Response) -> None:
    """Raise `httpx2.HTTPStatusError` for an answer that says no, with its status and what it says."""
    if answer.is_error:
        said = f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
        raise httpx2.HTTPStatusError(said, request=answer.request, response=answer)
