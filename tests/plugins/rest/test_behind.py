"""What the chain and a REST service do together: secrets, escaped slashes, pages that read refusals, who calls."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from tests.plugins.rest.conftest import FakeGateway, World, define, head, route, running, upstream
from tests.plugins.rest.documents.generating import large_document
from tests.plugins.rest.test_calls import ECHO
from tests.plugins.rest.test_through import publish

from tollbridge.administering import NewKey
from tollbridge.jose.compact import decode_base64url
from tollbridge.services.book import serving
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway
from tollbridge.tokens.model import TokenLimits
from tollbridge_rest.kind import RestKind

PAGE = "https://app.example"


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[GatewayUnderTest]:
    options = {"services": {"allow_private": True}, "service": {"name": "app", "vouch": True}}
    found = make_gateway(options, data=tmp_path, clock=FixedClock())
    await found.client()
    yield found
    await found.close()


async def sent(bridge: GatewayUnderTest, path: str = "/a", **more: Any) -> dict[str, str]:
    """Call the service, and give the headers that its upstream got."""
    answer = await bridge.request("GET", f"/v1/apis/shop{path}", **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["headers"])


# secrets


async def test_secret_of_services_in_the_database_is_shown_and_a_changed_one_by_the_next_call(
    bridge: GatewayUnderTest, world: World
) -> None:
    main = upstream(await world.app(ECHO), auth={"key": "stored:blue.shop"})
    await publish(bridge, {"upstreams": {"main": main}, "routes": [route("/a")]})
    secrets = bridge.gateway.secrets
    await secrets.set("services", NewKey("first-secret"), name="blue.shop")

    before = await sent(bridge)
    await secrets.rotate("blue.shop", NewKey("second-secret"))
    after = await sent(bridge)

    assert before["authorization"] == "Bearer first-secret"
    assert after["authorization"] == "Bearer second-secret"


async def test_secret_in_the_data_folder_is_read_anew_when_it_changes(bridge: GatewayUnderTest, world: World) -> None:
    main = upstream(await world.app(ECHO), headers={"x-own": "stored:shop"})
    await publish(bridge, {"upstreams": {"main": main}, "routes": [route("/a")]})
    vault = bridge.gateway.vault
    vault.put("shop", "one")

    before = await sent(bridge)
    vault.put("shop", "two")
    after = await sent(bridge)

    assert (before["x-own"], after["x-own"]) == ("one", "two")


async def test_secret_that_is_not_there_is_503_until_it_is_and_the_caller_learns_no_name(
    bridge: GatewayUnderTest, world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    main = upstream(await world.app(ECHO), auth={"key": "stored:blue.shop"})
    await publish(bridge, {"upstreams": {"main": main}, "routes": [route("/a")]})

    lacking = await bridge.request("GET", "/v1/apis/shop/a")
    await bridge.gateway.secrets.set("services", NewKey("first-secret"), name="blue.shop")
    there = await sent(bridge)

    assert (lacking.status_code, lacking.json()["code"]) == (503, "secret_missing")
    assert "blue.shop" not in lacking.text
    assert "service shop: upstreams/main/auth/key" in capsys.readouterr().out
    assert there["authorization"] == "Bearer first-secret"


async def test_key_of_a_provider_is_no_secret_of_services(bridge: GatewayUnderTest, world: World) -> None:
    main = upstream(await world.app(ECHO), auth={"key": "stored:openai"})
    await publish(bridge, {"upstreams": {"main": main}, "routes": [route("/a")]})
    await bridge.gateway.secrets.set("openai", NewKey("sk-of-the-provider"))

    answer = await bridge.request("GET", "/v1/apis/shop/a")

    assert (answer.status_code, answer.json()["code"]) == (503, "secret_missing")


# scopes


async def test_call_is_answered_by_the_route_whose_scope_let_it_in(bridge: GatewayUnderTest, world: World) -> None:
    low, high = await world.raw(head(200, body=b"low")), await world.raw(head(200, body=b"ADMIN"))
    keyed = [{"in": "header", "name": "x-api-key", "is": "exists"}]
    routes = [route("/a", name="low", upstream="low", match=keyed), route("/a", name="admin", upstream="high")]
    await publish(bridge, {"upstreams": {"low": upstream(low.url), "high": upstream(high.url)}, "routes": routes})
    token = await bridge.token("service:shop:low")

    answer = await (await bridge.client()).get("/v1/apis/shop/a", headers={"x-api-key": token})
    other = await bridge.request("GET", "/v1/apis/shop/a", token=token)

    assert (answer.status_code, answer.text, other.status_code) == (200, "low", 403)


# escaped slashes


async def test_parameter_with_an_escaped_slash_arrives_as_it_was_sent_where_the_route_takes_one(
    bridge: GatewayUnderTest, world: World
) -> None:
    routes = [
        route("/projects/{id}/files", name="files", escaped_slashes=True),
        route("/plain/{id}", name="plain"),
        route("/below/{rest*}", name="below", rewrite="/v2/{rest*}", escaped_slashes=True),
    ]
    await publish(bridge, {"upstreams": {"main": upstream(await world.app(ECHO))}, "routes": routes})

    one = await bridge.request("GET", "/v1/apis/shop/projects/group%2Fname/files")
    rest = await bridge.request("GET", "/v1/apis/shop/below/a%2fb/c")
    refused = await bridge.request("GET", "/v1/apis/shop/plain/group%2Fname")
    deeper = await bridge.request("GET", "/v1/apis/shop/projects/group/name/files")

    assert one.json()["path"] == "/projects/group%2Fname/files"
    assert rest.json()["path"] == "/v2/a%2Fb/c"
    assert (refused.status_code, refused.json()["code"]) == (400, "unsafe_request")
    assert deeper.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "shop/projects/..%2Fadmin/files",
        "shop/projects/%2e%2e/files",
        "shop/projects/%2e%2e%2Fadmin/files",
        "shop/projects/a%2F..%2Fadmin/files",
        "shop/projects/a%252Fb/files",
        "shop/projects/a%5Cb/files",
        "shop/projects/a%2F%2Fb/files",
        "shop/projects/a%2F/files",
        "shop%2Fprojects/a/files",
        "other%2Fshop/projects/a/files",
    ],
)
async def test_escaped_slash_leads_nowhere_else(bridge: GatewayUnderTest, world: World, path: str) -> None:
    node = await world.raw(head(200))
    routes = [route("/projects/{id}/files", name="files", escaped_slashes=True), route("/{rest*}", name="all")]
    await publish(bridge, {"upstreams": {"main": upstream(node.url)}, "routes": routes})

    client = await bridge.client()
    token = await bridge.token()
    request = client.build_request("GET", "/v1/apis/x", headers={"authorization": f"Bearer {token}"})
    request.url = httpx2.URL(f"http://gateway.test/v1/apis/{path}")
    answer = await client.send(request)

    assert answer.status_code in (400, 404)
    assert node.heads == []


async def test_document_sees_an_escaped_slash_as_part_of_its_parameter(bridge: GatewayUnderTest, world: World) -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/projects/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"const": "group/name"}}],
                "get": {"operationId": "one", "responses": {"200": {"description": "it"}}},
            }
        },
    }
    default = {"escaped_slashes": True, "validate": {"request": "refuse"}}
    main = upstream(await world.app(ECHO))
    await publish(bridge, {"upstreams": {"main": main}, "document": document, "default": default})

    fits = await bridge.request("GET", "/v1/apis/shop/projects/group%2Fname")
    other = await bridge.request("GET", "/v1/apis/shop/projects/group%2Fother")

    assert (fits.status_code, fits.json()["path"]) == (200, "/projects/group%2Fname")
    assert other.status_code == 422


# pages of other origins


@pytest.mark.parametrize(("shown", "status"), [("", 401), ("tb_wrong", 401), ("other", 403), ("slow", 429)])
async def test_page_of_another_origin_can_read_why_the_chain_refused(
    bridge: GatewayUnderTest, world: World, shown: str, status: int
) -> None:
    cors = {"origins": [PAGE], "expose": ["retry-after"]}
    main = upstream(await world.app(ECHO))
    await publish(bridge, {"upstreams": {"main": main}, "routes": [route("/a", cors=cors), route("/b", name="b")]})
    if shown == "other":
        shown = await bridge.token("service:shop:b")
    if shown == "slow":
        issued = await bridge.gateway.tokens.issue(name="slow", scopes=("service:*",), limits=TokenLimits(1))
        shown = issued.secret
        await bridge.request("GET", "/v1/apis/shop/a", token=shown)

    answer = await bridge.request("GET", "/v1/apis/shop/a", token=shown, headers={"origin": PAGE})
    elsewhere = await bridge.request("GET", "/v1/apis/shop/a", token=shown, headers={"origin": "https://evil.example"})

    assert answer.status_code == elsewhere.status_code == status
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["access-control-expose-headers"] == "retry-after"
    assert "access-control-allow-origin" not in elsewhere.headers
    assert answer.headers["vary"] == elsewhere.headers["vary"] == "origin"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/off", 503), ("DELETE", "/on", 405), ("GET", "/on%2Fa", 400)]
)
async def test_page_of_another_origin_can_read_why_nothing_is_called(
    bridge: GatewayUnderTest, method: str, path: str, status: int
) -> None:
    cors = {"origins": [PAGE]}
    routes = [
        route("/off", name="off", cors=cors),
        route("/{any}", name="on", methods=["GET"], cors=cors),
    ]
    main = upstream("http://127.0.0.1:1")
    await publish(bridge, {"upstreams": {"main": main}, "routes": routes, "disabled": ["off"]})

    answer = await bridge.request(method, f"/v1/apis/shop{path}", headers={"origin": PAGE})
    elsewhere = await bridge.request(method, f"/v1/apis/shop{path}", headers={"origin": "https://evil.example"})

    assert answer.status_code == elsewhere.status_code == status
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_refusal_of_the_service_itself_says_it_once(bridge: GatewayUnderTest) -> None:
    main = upstream("http://127.0.0.1:1")
    await publish(bridge, {"upstreams": {"main": main}, "routes": [route("/a", cors={"origins": [PAGE]})]})

    answer = await bridge.request("GET", "/v1/apis/shop/a", headers={"origin": PAGE})

    assert answer.status_code == 502
    assert answer.headers.get_list("access-control-allow-origin") == [PAGE]


# the word on who calls


def claims(headers: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(
        decode_base64url(headers["x-tollbridge-identity"].split(".")[1].encode())
    )
    return found


async def test_word_on_who_calls_is_for_the_service_by_its_slug_or_as_its_upstream_says(
    bridge: GatewayUnderTest, world: World
) -> None:
    url = await world.app(ECHO)
    upstreams = {"main": upstream(url), "named": upstream(url, identity_audience="https://orders.example")}
    routes = [route("/a", identity=True), route("/b", name="b", upstream="named", identity=True)]
    await publish(bridge, {"upstreams": upstreams, "routes": routes})

    plain, named = claims(await sent(bridge)), claims(await sent(bridge, "/b"))

    assert (plain["aud"], plain["service"]) == ("shop", "shop")
    assert (named["aud"], named["service"]) == ("https://orders.example", "shop")


async def test_word_that_the_wrapped_app_would_take_is_given_to_no_service(tmp_path: Path, world: World) -> None:
    service = {"name": "app", "vouch": True, "audience": "https://app.internal"}
    bridge = make_gateway({"services": {"allow_private": True}, "service": service}, data=tmp_path, clock=FixedClock())
    await bridge.client()
    main = upstream(await world.app(ECHO), identity_audience="https://app.internal")
    await publish(bridge, {"upstreams": {"main": main}, "routes": [route("/a", identity=True)]})

    answer = await bridge.request("GET", "/v1/apis/shop/a")
    await bridge.close()

    assert answer.status_code == 503


# documents that take long to read


async def test_document_of_five_megabytes_is_read_beside_the_event_loop(world: World) -> None:
    document = large_document(1_050, 620)
    assert len(msgspec.json.encode(document)) > 5_000_000
    definition = define({"main": upstream("https://api.example")}, document=document)
    gateway: Any = FakeGateway()
    turns, kind = 0, RestKind()

    making = asyncio.create_task(serving(kind, gateway, running(definition)))
    while not making.done():
        turns += 1
        await asyncio.sleep(0)
    served = await making
    await served.close()

    assert turns > 100  # where it is read in the loop there are two or three


async def test_first_callers_wait_for_one_making_and_one_that_leaves_does_not_end_it(
    bridge: GatewayUnderTest, world: World
) -> None:
    main = upstream(await world.app(ECHO))
    await publish(bridge, {"upstreams": {"main": main}, "document": large_document(50, 20)})
    live = (await bridge.gateway.books.current()).entries["shop"].live
    assert live is not None

    impatient, *others = [asyncio.create_task(live.served()) for _ in range(3)]
    await asyncio.sleep(0)
    impatient.cancel()
    found = await asyncio.gather(*others)

    assert impatient.cancelled()
    assert found[0] is found[1] is await live.served()


async def test_replaced_release_that_is_still_being_made_answers_who_waits_and_then_ends(
    bridge: GatewayUnderTest, world: World
) -> None:
    node = await world.raw(head(200))
    main = upstream(node.url, health={"path": "/health"})
    await publish(bridge, {"upstreams": {"main": main}, "routes": [route("/a")]})
    old = (await bridge.gateway.books.current()).entries["shop"].live
    assert old is not None

    making = asyncio.create_task(old.served())
    await asyncio.sleep(0)
    await old.close()
    served: Any = await making

    assert served._checks == []
