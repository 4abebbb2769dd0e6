"""Somebody with a browser before a gateway under test."""

from typing import Any

import httpx2

from tollbridge.browsing import SESSION
from tollbridge.people.model import Person
from tollbridge.sessions import Browser
from tollbridge.testing import GatewayUnderTest
from tollbridge_signin.door import Door

PREFIX = "/_tollbridge"
MOCK = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {
        "gpt-4o-mini": {"targets": ["mock/gpt-4o-mini"], "price": {"input": "0.15", "output": "0.60"}},
        "small": {"targets": ["mock/tiny-1"], "price": {"input": "0.05", "output": "0.10"}},
        "unknown-price": {"targets": ["mock/nobody-prices-this"]},
    },
    "budgets": {"unpriced": "allow"},
}
PASSWORD = "nine barrels of rain"


class Visitor:
    """Somebody with a browser; `under` is the gateway behind it.  Keeps cookies by hand, to see and forge them."""

    def __init__(self, under: GatewayUnderTest) -> None:
        self.under = under
        self.cookies: dict[str, str] = {}

    def door(self) -> Door:
        gw = self.under.gateway
        return Door(gw.admin_key, gw.config.data, gw.clock)

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self._send("GET", path, headers=headers)

    async def post(
        self, path: str, form: Any = None, *, site: str | None = "same-origin", **headers: str
    ) -> httpx2.Response:
        headers = headers if site is None else {"sec-fetch-site": site, **headers}
        return await self._send("POST", path, headers=headers, data=form or {"a": ""})

    async def _send(self, method: str, path: str, *, headers: dict[str, str], **more: Any) -> httpx2.Response:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**headers, **({"cookie": jar} if jar else {})}
        client = await self.under.client()
        client.cookies.clear()
        reply = await client.request(method, PREFIX + path, headers=headers, follow_redirects=False, **more)
        for line in reply.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return reply

    async def sign_in(self) -> "Visitor":
        """Sign in by the operator's link."""
        await self.under.client()
        reply = await self.post("/sign-in", {"code": self.door().make_code()})
        assert reply.status_code == 303
        return self

    async def sign_in_as(self, person: Person, via: str = "password") -> "Visitor":
        """Have a session of somebody who proved just now who they are."""
        sessions = self.under.gateway.sessions
        self.cookies[SESSION] = (await sessions.begin(person.id, via, Browser("192.0.2.7", "Firefox/140"))).secret
        return self

    async def person(self, name: str = "ada", password: str | None = None, **roles: str) -> Person:
        """Make a person, a member with these roles: `bridge` for the whole bridge, else of the team of that name."""
        await self.under.client()
        people = self.under.gateway.people
        person = await people.add_person(email=f"{name}@example.com", name=name.title(), password=password)
        for team, role in roles.items():
            if team != "bridge" and await people.teams.get(team) is None:
                await people.teams.add(name=team, title=team.title())
            await people.set_membership(person.id, "" if team == "bridge" else team, role)
        return person
