"""An OpenAPI document becomes a draft over the API, sent or fetched by the gateway itself."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge import UpstreamError, UpstreamRequest
from tollbridge.testing import GatewayUnderTest

URL = "https://specs.example/docs/orders.json"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Orders", "version": "1"},
    "servers": [{"url": "/v2"}],
    "webhooks": {"placed": {}},
    "paths": {"/orders": {"get": {"operationId": "list", "responses": {"200": {"description": "ok"}}}}},
}


class Host:
    """Answers in place of whatever the gateway would ask."""

    def __init__(self, status: int = 200, body: bytes = b"") -> None:
        self.status, self.body = status, body or json.dumps(DOCUMENT).encode()
        self.headers: list[tuple[bytes, bytes]] = []
        self.asked: list[UpstreamRequest] = []
        self.is_private = False

    async def send(self, request: UpstreamRequest) -> "Host":
        self.asked.append(request)
        if self.is_private:
            raise UpstreamError("the provider cannot be reached", detail="127.0.0.1 is not public")
        return self

    async def read(self, limit: int) -> bytes:
        return self.body

    async def close(self) -> None:
        pass


@pytest.fixture
def host(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> Host:
    found = Host()
    monkeypatch.setattr(admin.under.gateway, "transport", found)
    return found


async def draft(admin: Admin, **wish: Any) -> Any:
    return await admin.post("/openapi-drafts", wish)


async def test_document_at_a_url_becomes_a_draft_that_a_service_is_made_of(admin: Admin, host: Host) -> None:
    reply = await draft(admin, url=URL)

    said = reply.json()
    made = await admin.post("/services", {"slug": "orders", "kind": said["kind"], "draft": said["draft"]})
    released = await admin.post("/services/orders/releases", {"version": "1"})
    assert (reply.status_code, said["operations"], said["notes"]) == (200, 1, ["webhooks are no operations: placed"])
    assert said["draft"]["definition"]["upstreams"] == {"main": {"nodes": [{"url": "https://specs.example/v2"}]}}
    assert (made.status_code, released.status_code) == (201, 201)
    (asked,) = host.asked
    assert (asked.url, asked.allow_private, asked.tls_outside) == (URL, False, True)
    assert admin.secret not in str(asked.headers)


async def test_document_that_is_sent_is_fetched_from_nowhere(admin: Admin, host: Host) -> None:
    reply = await draft(admin, document=DOCUMENT, upstream="https://api.example.com")

    upstreams = reply.json()["draft"]["definition"]["upstreams"]
    assert upstreams == {"main": {"nodes": [{"url": "https://api.example.com"}]}}
    assert host.asked == []
    assert (await admin.get("/services")).json()["items"] == []


async def test_url_that_may_not_be_fetched_is_refused_without_what_is_there(admin: Admin, host: Host) -> None:
    host.is_private = True
    private = await draft(admin, url="https://inside.example/openapi.json")
    plain = await draft(admin, url="http://specs.example/openapi.json")
    host.is_private, host.status = False, 302
    moved = await draft(admin, url=URL)

    replies = (private, plain, moved)
    assert [(one.status_code, one.json()["code"]) for one in replies] == [(422, "document_not_fetched")] * 3
    assert "127.0.0.1" not in private.text
    assert "sends elsewhere" in moved.text
    assert len(host.asked) == 2


@pytest.mark.parametrize("body", [b"swagger: '2.0'", b"nonsense", b"{", b"\xff"])
async def test_document_that_cannot_be_used_is_refused(admin: Admin, host: Host, body: bytes) -> None:
    host.body = body

    fetched = await draft(admin, url=URL)
    sent = await draft(admin, document={"swagger": "2.0"})

    assert [(one.status_code, one.json()["code"]) for one in (fetched, sent)] == [(422, "invalid_document")] * 2


@pytest.mark.parametrize("written", [json.dumps(DOCUMENT), yaml.safe_dump(DOCUMENT)])
async def test_document_can_be_sent_as_a_text_in_json_or_yaml(admin: Admin, host: Host, written: str) -> None:
    reply = await draft(admin, text=written, upstream="https://api.example.com")

    assert (reply.status_code, reply.json()["operations"]) == (200, 1)
    assert (await draft(admin, text="nonsense")).json()["code"] == "invalid_document"
    assert host.asked == []


@pytest.mark.parametrize("wish", [{}, {"url": URL, "document": DOCUMENT}, {"text": "{}", "document": DOCUMENT}])
async def test_a_document_or_its_url_is_needed_and_not_both(admin: Admin, host: Host, wish: dict[str, Any]) -> None:
    reply = await draft(admin, **wish)

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "url")
    assert host.asked == []


async def test_scope_to_write_services_is_needed(under: GatewayUnderTest, host: Host) -> None:
    reader = await an_admin(under, "admin:services:read")

    assert (await draft(reader, url=URL)).status_code == 403
    assert host.asked == []


async def test_gateway_without_the_kind_makes_no_draft(gateway: Callable[..., GatewayUnderTest]) -> None:
    admin = await an_admin(gateway({"plugins": {"disabled": ["rest"]}}))

    assert (await draft(admin, document=DOCUMENT)).status_code == 404
