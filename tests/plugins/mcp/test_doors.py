"""Which servers there are, and for whom."""

import asyncio
import threading
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.plugins.mcp.conftest import PROMPT, SHOP, Metered, call_of, principal

from tollbridge.errors import ConfigError, Denied, NotFound, Unauthenticated, Unavailable
from tollbridge.services.book import Book, Entry, Live
from tollbridge.services.kinds import About, ServiceOperation
from tollbridge.services.model import Access, Design, Release, ReleaseState, Service, Visibility
from tollbridge.services.subscribing import Subscribed as Terms
from tollbridge.testing import FixedClock
from tollbridge.tokens.model import Above, TokenKind
from tollbridge.tokens.scopes import ScopeSet
from tollbridge_mcp.app import lacking
from tollbridge_mcp.catalogue import CatalogueTools
from tollbridge_mcp.definition import McpDefinition
from tollbridge_mcp.doors import FAILED_S, Doors, below
from tollbridge_mcp.invoking import InProcess
from tollbridge_mcp.kind import McpKind
from tollbridge_mcp.model import Tool, ToolResult
from tollbridge_mcp.proxy import ServedMcp

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Described(msgspec.Struct):
    """A definition that is its document."""

    document: dict[str, Any] = {}


class DescribedKind:
    """A kind of service whose operations are those of its document, named `<method>:<path>`."""

    name = "rest"
    only_spoken = False
    definition = Described

    def __init__(self) -> None:
        self.read = 0

    def operations(self, definition: Described) -> list[ServiceOperation]:
        return [
            ServiceOperation(f"{method.upper()}:{path}", method.upper(), path)
            for path, item in definition.document["paths"].items()
            for method in item
            if method != "parameters"
        ]

    def openapi(self, about: About, definition: Described) -> dict[str, Any]:
        self.read += 1
        return {**definition.document, "servers": [{"url": about.url}]}


class Tools:
    """An outside server with one tool."""

    async def tools(self) -> tuple[Tool, ...]:
        return (Tool(name="search", input_schema={"type": "object"}),)

    async def call(self, name: str, arguments: Any, headers: Any) -> ToolResult:
        return ToolResult()

    async def close(self) -> None:
        pass


class Shelf:
    """A book that stays as it is made."""

    def __init__(self, *entries: Entry) -> None:
        self.book = Book(1, MappingProxyType({each.service.slug: each for each in entries}))

    async def current(self) -> Book:
        return self.book


class Nothing:
    """A release that serves nothing at any path."""

    def find(self, method: str, path: str, headers: Any, query: bytes) -> None:
        return None


NOTHING = Nothing()


def entry(slug: str, kind: str, definition: dict[str, Any], served: Any = NOTHING, *, live: bool = True) -> Entry:
    service = Service(
        id=f"svc_{slug}",
        slug=slug,
        kind=kind,
        team="t",
        name=slug,
        revision=1,
        created_at=NOW,
        changed_at=NOW,
        live="r",
    )
    design = Design(name=slug.title(), description=f"About {slug}.", definition=definition)
    release = Release(
        id=f"rel_{slug}",
        service_id=service.id,
        number=1,
        version="1.2",
        digest=b"",
        note="",
        state=ReleaseState.LIVE,
        created_at=NOW,
        created_by="x",
    )

    async def make(live: Live) -> Any:
        return served(live) if slug == "away" else served

    running = Live(release, design, make, lambda live, plan: None)
    return Entry(service, running if live else None, MappingProxyType({"1.2": running} if live else {}))


class Subscribed:
    """The application `app_1` has everything."""

    async def find_subscription(self, application: str, service_id: str) -> Terms | None:
        return Terms("sub_1") if application == "app_1" else None


def doors(*more: Entry) -> tuple[Doors, DescribedKind, Metered]:
    kind, metered = DescribedKind(), Metered()
    weather = msgspec.convert({"url": "https://mcp.example", "tools": [{"name": "sea*"}]}, McpDefinition)
    shelf = Shelf(
        entry("shop", "rest", {"document": SHOP}),
        entry("sentiment", "rest", {"document": PROMPT}),
        entry("weather", "mcp", msgspec.to_builtins(weather), ServedMcp("weather", weather, Tools(), FixedClock())),
        entry("gone", "rest", {"document": SHOP}, live=False),
        entry("odd", "unknown", {}),
        *more,
    )
    kinds: Any = {"rest": kind, "mcp": McpKind()}
    found = Doors(shelf, kinds, InProcess(metered), url="https://gw.example", subscriptions=Subscribed())
    return found, kind, metered


def ended(slug: str, **more: Any) -> Entry:
    """Give a service that is to end, or has."""
    found = entry(slug, "rest", {"document": SHOP}, live="retired_at" not in more)
    return msgspec.structs.replace(found, service=msgspec.structs.replace(found.service, **more))


async def test_server_of_a_deprecated_service_its_document_and_the_list_say_so() -> None:
    found, _, _ = doors(ended("old", deprecated_at=NOW, successor="shop"))
    call, said = call_of("service:old:*"), "It is deprecated since 2026-01-01; use shop instead."

    door = await found.find(call, "old")
    assert call.principal is not None
    document = await found.document(call.principal, "old")
    (one,) = (await CatalogueTools(found, InProcess(Metered())).call(call, "service_list", {})).structured["services"]

    assert (door.instructions, one["ending"]) == (f"About old.\n\n{said}", said)
    assert document is not None
    assert all(node["deprecated"] for item in document["paths"].values() for way, node in item.items() if way == "get")


async def test_server_of_a_retired_service_points_to_what_took_its_place_for_who_could_call_it() -> None:
    found, _, _ = doors(ended("old", retired_at=NOW, successor="shop"))

    with pytest.raises(NotFound, match="the service 'old' is retired; use /v1/apis/shop instead") as caught:
        await found.find(call_of("service:old:listOrders"), "old")
    assert caught.value.status == 410
    with pytest.raises(NotFound, match="there is no MCP server 'old' for this token"):
        await found.find(call_of("service:shop:*"), "old")


async def test_server_of_a_paused_service_says_why_and_is_in_no_list() -> None:
    found, _, _ = doors(ended("old", paused_at=NOW, paused_why="it is mended"))
    call = call_of("service:old:*")

    with pytest.raises(Denied, match="the service 'old' is paused: it is mended") as caught:
        await found.find(call, "old")
    assert (caught.value.status, caught.value.code) == (503, "service_paused")
    with pytest.raises(NotFound, match="there is no MCP server 'old' for this token"):
        await found.find(call_of("service:shop:*"), "old")
    assert call.principal is not None
    assert await found.services(call.principal) == []


async def test_service_is_a_server_with_its_name_and_the_tools_of_its_caller() -> None:
    found, _, metered = doors()
    call = call_of("service:shop:GET:*")

    door = await found.find(call, "shop")
    assert call.principal is not None
    names = [each.name for each in await door.source.tools(call.principal)]
    result = await door.source.call(call, "getOrder", {"id": "1"})

    assert (door.name, door.title, door.version, door.instructions) == ("shop", "Shop", "1.2", "About shop.")
    assert names == ["listOrders", "getOrder", "logo"]
    assert result.content[0]["text"] == "order 1"
    assert len(metered.seen) == 1


@pytest.mark.parametrize(
    "caller",
    [
        {"above": (Above("team_t"), Above("app_1"))},
        {"id": "app_1", "kind": TokenKind.APPLICATION},
        {"team": "t"},
    ],
)
async def test_outside_server_is_a_server_too(caller: dict[str, Any]) -> None:
    found, _, _ = doors()
    call = call_of("service:weather:search")
    call.principal = msgspec.structs.replace(principal("service:weather:search"), **caller)

    door = await found.find(call, "weather")

    assert [each.name for each in await door.source.tools(call.principal)] == ["search"]


@pytest.mark.parametrize("caller", [{}, {"id": "app_1"}, {"team": "u"}, {"above": (Above("app_2"),)}])
async def test_outside_server_is_not_asked_for_who_needs_a_subscription(caller: dict[str, Any]) -> None:
    found, _, _ = doors()
    call = call_of("service:weather:search")
    call.principal = msgspec.structs.replace(principal("service:weather:search"), **caller)

    with pytest.raises(Denied, match="needs a subscription"):
        await found.find(call, "weather")


@pytest.mark.parametrize(
    ("scope", "slug"),
    [
        ("service:sentiment:*", "shop"),
        ("ai:*", "shop"),
        ("admin:*", "shop"),
        ("service:*", "nothing"),
        ("service:*", "gone"),
        ("service:*", "odd"),
        ("service:shops:*", "shop"),
    ],
)
async def test_there_is_no_server_for_who_may_call_nothing_of_it(scope: str, slug: str) -> None:
    found, _, _ = doors()
    call = call_of(scope)

    with pytest.raises(NotFound, match=f"there is no MCP server '{slug}' for this token"):
        await found.find(call, slug)
    assert call.principal is not None
    assert await found.document(call.principal, slug) is None


@pytest.mark.parametrize(
    ("access", "caller", "slugs", "opens"),
    [
        ("subscription", {"team": "other"}, [], False),
        ("subscription", {"team": "t"}, ["hidden"], True),
        ("subscription", {"above": (Above("app_1"),)}, ["hidden"], True),
        ("scope", {"team": "other"}, [], True),
    ],
)
async def test_hidden_service_of_another_team_is_as_one_that_is_not_there(
    access: str, caller: dict[str, Any], slugs: list[str], opens: bool
) -> None:
    hidden = entry("hidden", "rest", {"document": SHOP})
    assert hidden.live is not None
    design = msgspec.structs.replace(hidden.live.design, visibility=Visibility.TEAM, access=Access(access))
    live = Live(hidden.live.release, design, None, lambda live, plan: None)  # type: ignore[arg-type]  # nobody calls it
    found, _, _ = doors(msgspec.structs.replace(hidden, live=live))
    call = call_of("service:hidden:*")
    call.principal = who = msgspec.structs.replace(principal("service:hidden:*"), **caller)

    listed = [one.slug for one in await found.services(who)]

    assert listed == slugs
    assert (await found.document(who, "hidden") is not None) is opens
    paused = msgspec.structs.replace(hidden, live=live, service=msgspec.structs.replace(hidden.service, paused_at=NOW))
    with pytest.raises(Denied if opens else NotFound):
        await doors(paused)[0].find(call, "hidden")
    if not opens:
        with pytest.raises(NotFound):
            await found.find(call, "hidden")


async def test_bounds_of_a_token_bind_what_it_sees() -> None:
    found, _, _ = doors()
    bound = msgspec.structs.replace(
        principal(), scopes=ScopeSet(["service:shop:*", "service:weather:search"], [ScopeSet(["service:weather:*"])])
    )

    assert [each.slug for each in await found.services(bound)] == ["weather"]


async def test_services_are_listed_with_what_they_are() -> None:
    found, _, _ = doors()

    listed = await found.services(principal("service:shop:GET:/logo", "service:weather:x"))

    assert [(each.slug, each.kind, each.version) for each in listed] == [
        ("shop", "rest", "1.2"),
        ("weather", "mcp", "1.2"),
    ]
    document = await found.document(principal("service:shop:*"), "shop")
    assert document is not None
    assert document["servers"] == [{"url": "https://gw.example/v1/apis/shop"}]


@pytest.mark.parametrize(
    "server", ["https://gw.example", "https://gw.example/v1/apis", "https://gw.example/v1/apis/one"]
)
async def test_document_has_its_paths_as_they_are_called_below_the_service(server: str) -> None:
    root = "https://gw.example/v1/apis/one".removeprefix(server)
    paths = {"/v1/elsewhere": {}, f"{root}/": {}, f"{root}/deep/{{id}}": {}, f"{root}more": {}} if root else {"/": {}}
    found = below(
        {"servers": [{"url": f"{server}/"}], "paths": {root or "/v1": {"get": {}}, **paths}}, f"{server}{root}"
    )

    assert list(found["paths"]) == (["/", "/deep/{id}"] if root else ["/v1", "/"])
    assert found["servers"][0]["url"].rstrip("/") == "https://gw.example/v1/apis/one"


@pytest.mark.parametrize(
    "document",
    [
        {"paths": {"/a": {}}},
        {"servers": [], "paths": {"/a": {}}},
        {"servers": ["https://gw.example"], "paths": {"/a": {}}},
        {"servers": [{"url": "https://gw.example"}], "paths": []},
        {"servers": [{"url": "/"}], "paths": {"/a": {}}},
        {"servers": [{"url": "https://gw.example/v1/apis/on"}], "paths": {"/a": {}}},
    ],
)
def test_document_of_elsewhere_stays_as_it_is(document: dict[str, Any]) -> None:
    assert below(document, "https://gw.example/v1/apis/one") is document


async def test_service_that_is_a_model_alone_says_how_it_is_called() -> None:
    found, kind, _ = doors()
    kind.only_spoken = True

    document = await found.document(principal("service:shop:*"), "shop")

    assert document is not None
    assert "It is called as the model api/shop" in document["info"]["description"]


async def test_tools_that_could_not_be_made_are_logged_once_as_a_number() -> None:
    path = {"/secret/{id}": {"get": {"responses": {}}}, "/b": {"get": {"operationId": "b", "responses": {}}}}
    found, _, _ = doors(entry("half", "rest", {"document": {**SHOP, "paths": path}}))

    with capture_logs() as logged:
        for _ in range(2):
            await found.find(call_of("service:half:*"), "half")
        await found.find(call_of("service:shop:*"), "shop")

    (line,) = logged
    assert (line["event"], line["service"], line["release"], line["count"]) == ("tools_left_out", "half", "rel_half", 1)
    assert "secret" not in str(line)


async def test_service_that_cannot_be_served_hides_no_other() -> None:
    def fails(_: Any) -> Any:
        raise Unavailable("this service cannot be called now")

    away = entry("away", "mcp", {"url": "https://mcp.example"}, fails)
    older = entry("older", "mcp", {"was": "once a field"})
    found, _, _ = doors(away, older)

    listed = await found.services(principal("service:*"))

    assert [each.slug for each in listed] == ["sentiment", "shop", "weather"]
    for slug in ("away", "older"):
        with pytest.raises(Unavailable):
            await found.find(call_of("service:*"), slug)


async def test_document_is_read_once_for_each_release() -> None:
    found, kind, _ = doors()

    await asyncio.gather(*(found.find(call_of("service:*"), "shop") for _ in range(10)))
    await found.find(call_of("service:*"), "shop")

    assert kind.read == 1


async def test_global_server_is_there_for_every_token_and_for_nobody_else() -> None:
    found, _, _ = doors()
    nobody = call_of()
    nobody.principal = None

    assert isinstance((await found.find(call_of("ai:*"), "")).source, CatalogueTools)
    for slug in ("", "shop"):
        with pytest.raises(Unauthenticated):
            await found.find(nobody, slug)


def test_lack_of_the_sdk_names_the_extra() -> None:
    for name in ("mcp", "mcp.server.lowlevel", "mcp_types"):
        found = lacking(ModuleNotFoundError("x", name=name))
        assert isinstance(found, ConfigError)
        assert "tollbridge[mcp]" in str(found)
    other = ModuleNotFoundError("x", name="mcprest")
    assert lacking(other) is other


async def test_document_is_read_beside_the_event_loop() -> None:
    found, kind, _ = doors()
    threads = list[threading.Thread]()
    operations, openapi = kind.operations, kind.openapi

    def noted(read: Any) -> Any:
        def reading(*given: Any) -> Any:
            threads.append(threading.current_thread())
            return read(*given)

        return reading

    kind.operations, kind.openapi = noted(operations), noted(openapi)  # type: ignore[method-assign]

    await found.find(call_of("service:*"), "shop")

    assert len(threads) == 2
    assert threading.current_thread() not in threads


async def test_service_that_cannot_be_described_hides_no_other_and_is_tried_again_after_a_while() -> None:
    clock, tries = FixedClock(), list[int]()

    def fails(_: Any) -> Any:
        tries.append(1)
        raise RuntimeError("private words")

    away = entry("away", "mcp", {"url": "https://mcp.example"}, fails)
    shelf = Shelf(away, entry("shop", "rest", {"document": SHOP}))
    kinds: Any = {"rest": DescribedKind(), "mcp": McpKind()}
    found = Doors(shelf, kinds, InProcess(Metered()), url="https://gw.example", clock=clock)

    with capture_logs() as logged:
        listed = [await found.services(principal("service:*")) for _ in range(3)]
        with pytest.raises(Unavailable) as caught:
            await found.find(call_of("service:*"), "away")
        clock.advance(FAILED_S + 1)
        await found.services(principal("service:*"))

    assert [[each.slug for each in one] for one in listed] == [["shop"]] * 3
    assert "private" not in caught.value.message
    assert len(tries) == 2
    assert [(line["event"], line["service"]) for line in logged] == [("service_not_described", "away")] * 2


async def test_nothing_is_described_for_who_has_no_scope_of_it() -> None:
    found, kind, _ = doors()

    assert await found.services(principal("service:weather:*", "ai:*")) != []
    assert kind.read == 0


@pytest.mark.parametrize(
    ("scope", "slugs"),
    [
        ("service:*:search", ["weather"]),
        ("service:w*:sea*", ["weather"]),
        ("service:*:forget", []),
        ("service:*:GET:/logo", ["shop"]),
        ("service:*:GET:*", ["shop"]),
    ],
)
async def test_scope_for_an_operation_of_any_service_opens_those_that_may_have_it(scope: str, slugs: list[str]) -> None:
    found, _, _ = doors()
    bound = msgspec.structs.replace(principal(), scopes=ScopeSet([scope], [ScopeSet(["service:shop:*"])]))

    assert [each.slug for each in await found.services(principal(scope))] == slugs
    assert [each.slug for each in await found.services(bound)] == [slug for slug in slugs if slug == "shop"]
    for slug in slugs:
        call = call_of(scope)
        call.principal = msgspec.structs.replace(principal(scope), team="t")
        assert (await found.find(call, slug)).name == slug
