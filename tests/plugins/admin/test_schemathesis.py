"""Requests made up from the description, good and bad: nothing but documented answers, and no fault of ours."""

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plugins.admin.conftest import BASE, Admin, an_admin
from tests.support.answering import Answering
from tests.support.requires import requires

from tollbridge.testing import GatewayUnderTest

pytestmark = requires("schemathesis")

HOST = "http://gateway.test"
WITH_BODY, WITHOUT_BODY = 30, 12
"""Examples of each operation: what fits its description, what does not, and what is about a token that is there."""

SERVED = {"name": "Rain", "definition": {"text": "rain"}}
GOOD = {"name": "made up", "scopes": ["ai:chat"]}
"""Of what is made up from the description alone, too little makes a token."""


def kind_of(path: str) -> str:
    return path.split("/")[1]


async def things(admin: Admin) -> dict[str, list[dict[str, str]]]:
    """Make a team with a member, somebody in the bridge, a role, a client with a key, services and a subscription."""
    await admin.post("/teams", {"name": "blue"})
    await admin.post("/roles", {"name": "builder", "scopes": ["ai:*"]})
    who = {"email": "ada@example.com", "name": "Ada", "role": "viewer"}
    member = (await admin.post("/teams/blue/members", who)).json()
    whole = (await admin.post("/members", {**who, "email": "bob@example.com"})).json()
    people = [{"id": one["person"]} for one in (member, whole)]
    client = (await admin.post("/clients", GOOD)).json()["id"]
    key = (await admin.post(f"/clients/{client}/credentials", {"kind": "hmac"})).json()["id"]
    await admin.post("/services", {"slug": "rain", "kind": "answering", "draft": SERVED})
    await admin.post("/services/rain/releases", {"version": "1"})
    application = (await admin.post("/applications", GOOD)).json()["id"]
    await admin.post("/plans", {"name": "gold"})
    await admin.post("/services", {"slug": "sun", "kind": "answering", "draft": {**SERVED, "plans": ["gold"]}})
    await admin.post("/services/sun/releases", {"version": "1"})
    await admin.post("/services/sun/releases/1/publish")
    asked = {"application": application, "service": "sun", "plan": "gold"}
    subscription = (await admin.post("/subscriptions", asked)).json()["id"]
    return {
        "plans": [{"name": "gold"}],
        "subscriptions": [{"id": subscription}],
        "catalogue": [{"service": "sun"}],
        "applications": [{"id": application}],
        "services": [{"service": "rain", "number": "1"}],
        "clients": [{"id": client, "credential": key}],
        "teams": [{"name": "blue", "id": member["person"]}],
        "members": people,
        "people": people,
        "roles": [{"name": "builder"}, {"name": "viewer"}],
    }


class Fuzzed:
    """A gateway on a loop of its own, and what is asked of it."""

    def __init__(self, make: Callable[..., GatewayUnderTest]) -> None:
        self.runner = asyncio.Runner()
        self.under = make({"logging": {"access": False}}, plugins=(Answering(),))
        self.admin: Admin = self.runner.run(an_admin(self.under))
        self.document = self.runner.run(self.admin.get("/openapi.json")).json()
        ids = [self.runner.run(self.admin.make(name=f"t{number}"))["id"] for number in range(3)]
        self.there = {"tokens": [{"id": id} for id in ids], **self.runner.run(things(self.admin))}
        self.statuses: dict[str, set[int]] = {}

    def named(self, path: str) -> list[dict[str, str]]:
        """Give what stands for the names of a path and is there."""
        names = re.findall(r"{(\w+)}", path)
        found = [{name: thing[name] for name in names if name in thing} for thing in self.there.get(kind_of(path), ())]
        return [one for one in found if len(one) == len(names)]

    def close(self) -> None:
        self.runner.run(self.under.close())
        self.runner.close()

    def send(self, case: Any) -> httpx2.Response:
        """Send what was made up with the administrator's token."""
        import requests

        headers = {"authorization": f"Bearer {self.admin.secret}"}
        made = case.as_transport_kwargs(base_url=HOST + BASE, headers=headers)
        wanted = ("method", "url", "headers", "params", "json", "data", "cookies")
        request = requests.Request(**{name: made[name] for name in wanted if name in made}).prepare()
        return self.runner.run(self._send(request))

    async def _send(self, request: Any) -> httpx2.Response:
        client = await self.under.client()
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in _text(request.headers)]
        reply = await client.request(request.method, request.url, headers=sent, content=request.body)
        await reply.aread()
        return reply


def _text(headers: Any) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        yield name, value if isinstance(value, str) else value.decode("latin-1")


@pytest.fixture
def fuzzed(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Iterator[Fuzzed]:
    cheap = PasswordHasher.from_parameters(CHEAPEST)
    monkeypatch.setattr("tollbridge.people.passwords.PasswordHasher", lambda: cheap)
    fuzzed = Fuzzed(gateway)
    yield fuzzed
    fuzzed.close()


def test_made_up_requests_are_answered_as_described(fuzzed: Fuzzed) -> None:
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi import checks

    schema = schemathesis.openapi.from_dict(fuzzed.document)
    asked = [
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]
    for found in schema.get_all_operations():
        operation = found.ok()
        seen = fuzzed.statuses.setdefault(operation.label, set())
        ways = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
        if "{" in operation.path:
            ways += [operation.as_strategy(path_parameters=names) for names in fuzzed.named(operation.path)]
        elif operation.method == "post":
            ways.append(operation.as_strategy(body=dict(GOOD)))
        examples = WITH_BODY if operation.body else WITHOUT_BODY
        try_out(fuzzed, st.one_of(ways), asked, seen, examples)

    assert len(fuzzed.statuses) == sum(len(methods) for methods in fuzzed.document["paths"].values())
    answered = set().union(*fuzzed.statuses.values())
    assert {200, 201, 404, 422} <= answered


def try_out(fuzzed: Fuzzed, cases: Any, checks: list[Any], seen: set[int], examples: int) -> None:
    """Send some of the cases; each is to be answered as its operation says."""

    @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def send(case: Any) -> None:
        reply = fuzzed.send(case)
        seen.add(reply.status_code)
        assert reply.status_code < 500, reply.text
        case.validate_response(reply, checks=checks)

    send()
