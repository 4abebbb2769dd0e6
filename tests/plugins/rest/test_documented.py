"""What docs/rest-services.md says is so: its designs are taken, its tables are those of the code."""

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from tests.plugins.rest.conftest import World, head, upstream
from tests.plugins.rest.test_through import publish
from tests.support.sources import ROOT

from tollbridge import UpstreamError, errors
from tollbridge.services import differing
from tollbridge.services.model import MOST_DESIGN, Design
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway
from tollbridge.yamltext import read_yaml
from tollbridge_ascode.files import read_paths
from tollbridge_ascode.specs import ServiceSpec
from tollbridge_rest import (
    bodies,
    calls,
    changing,
    checking,
    conditions,
    definition,
    exchange,
    headers,
    jsonbodies,
    keeping,
    line,
    pointers,
    pool,
    relaying,
    routing,
    templates,
)
from tollbridge_rest.documents import bounds as documents
from tollbridge_rest.documents import document_of, findings, mocking
from tollbridge_rest.documents.building import MAX_OPERATIONS
from tollbridge_rest.kind import RestKind

PAGE = (ROOT / "docs" / "rest-services.md").read_text("utf-8")
DOCUMENTS = (ROOT / "docs" / "services-openapi.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
YAML = [text for language, text in BLOCKS if language == "yaml"]
KIND = RestKind()

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "The definition": definition.Definition,
    "Terms of a route": definition.Terms,
    "A route": definition.Route,
    "A condition": definition.Condition,
    "An upstream": definition.Upstream,
    "A node": definition.Node,
    "Health": definition.Health,
    "TLS": definition.Tls,
    "A credential": definition.Auth,
    "Changes of a request": definition.RequestEdit,
    "Changes of an answer": definition.ResponseEdit,
    "Changes of headers": definition.HeaderEdit,
    "Changes of the query": definition.QueryEdit,
    "Changes of a body": definition.BodyEdit,
    "Validation": definition.Validate,
    "A cache": definition.Cache,
    "Pages of other origins": definition.Cors,
}
BOUNDS = {
    "a whole design as JSON, its document with it": MOST_DESIGN,
    "a body that is read to be changed or checked, of a request or an answer": relaying.MOST_READ,
    "levels of a JSON body that is changed": jsonbodies.DEEPEST,
    "a body that is kept for another try": bodies.MOST_KEPT,
    "an answer that is made up": mocking.MAX_BYTES,
    "answers kept of a service on one worker": keeping.MOST_BYTES,
    "one answer that is kept": keeping.LARGEST,
    "variants kept of one URL": keeping._MOST_VARIANTS,
    "the head of an answer": line._LONGEST_HEAD,
    "headers of an answer": line._MOST_HEADERS,
    "segments of a path": routing._MOST_SEGMENTS,
    "parameters between two slashes": templates._MOST_PIECES,
    "steps of a JSON pointer": pointers._MOST_STEPS,
    "characters of a value that a condition compares": conditions.LONGEST_VALUE,
    "gateways that a request may have come through": headers.MOST_HOPS,
    "idle connections kept to one node on one worker": pool._MOST_IDLE,
    "seconds for which one is kept": pool.IDLE_S,
    "seconds of a call without an upstream": calls.LONGEST_S,
    "mistakes told of one request or answer": findings.MAX_FINDINGS,
    "problems told of one definition": checking.MOST_PROBLEMS,
    "differences told of two services": differing.MOST_CHANGES,
}
UNITS = {"": 1, " KiB": 1024, " MiB": 1024 * 1024}


def section(heading: str) -> str:
    """Give what stands between a heading and the next."""
    return PAGE.split(f"# {heading}\n")[1].split("\n#")[0]


def rows(text: str, columns: int) -> list[list[str]]:
    """Give the rows of the tables in a text, without their heads."""
    cells = [[cell.strip() for cell in row[1:-1].split("|")] for row in text.splitlines() if row.startswith("|")]
    heads = {place - 1 for place, row in enumerate(cells) if set("".join(row)) <= set("- ")}
    found = [row for place, row in enumerate(cells) if place not in heads and place - 1 not in heads]
    assert all(len(row) == columns for row in found)
    return found


def amounts(text: str) -> list[int]:
    """Give the amounts in a text, without what stands as code or is a link."""
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)
    return [int(number.replace(",", "")) * UNITS[unit] for number, unit in re.findall(r"(\d[\d,]*)( [KM]iB)?", plain)]


def words(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def without_none(kind: inspect.Type) -> inspect.Type:
    """Give the type of a member that may be none."""
    if not isinstance(kind, inspect.UnionType):
        return kind
    (found,) = (each for each in kind.types if not isinstance(each, inspect.NoneType))
    return found


def bounds_of(kind: inspect.Type) -> tuple[set[float], set[float]]:
    """Give the greatest amounts of a type, and all that bound it."""
    most = [getattr(kind, name, None) for name in ("le", "max_length")]
    least = [getattr(kind, name, None) for name in ("ge", "gt", "min_length")]
    greatest = {each for each in most if each is not None}
    return greatest, greatest | {each for each in least if each is not None}


def members() -> list[Any]:
    """Give each row of the definition's tables with what it is of."""
    return [
        pytest.param(struct, *row[:3], id=f"{struct.__name__}-{row[0]}")
        for heading, struct in STRUCTS.items()
        for row in rows(section(heading), 4)
    ]


# designs


def written(text: str, place: Path) -> Design:
    """Read a design of the page, alone or in a document that names its files."""
    value: Any = read_yaml(text)
    if "kind" not in value:
        return msgspec.convert(value, Design)
    (found,) = read_paths([place])
    assert isinstance(found.spec, ServiceSpec)
    return msgspec.convert(msgspec.to_builtins(found.spec.design), Design)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Put the files of the page where their first lines say."""
    for text in YAML:
        if text.startswith("# "):
            path = tmp_path / text.partition("\n")[0][2:]
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    return tmp_path / "orders"


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[GatewayUnderTest]:
    found = make_gateway({"services": {"allow_private": True}}, data=tmp_path, clock=FixedClock())
    await found.client()
    yield found
    await found.close()


def test_document_of_the_page_is_read() -> None:
    (text,) = (text for text in YAML if "\nopenapi: " in text)

    assert [each.name for each in document_of(read_yaml(text)).operations] == ["order", "one"]


@pytest.mark.parametrize("text", [text for text in YAML if "definition:" in text])
def test_design_of_the_page_can_be_published(text: str, folder: Path) -> None:
    meant = msgspec.convert(written(text, folder).definition, definition.Definition)

    assert list(KIND.check(meant)) == []
    assert KIND.operations(meant)


async def test_design_of_the_walk_serves_the_operations_of_its_document(folder: Path, bridge: GatewayUnderTest) -> None:
    (text,) = (text for text in YAML if "kind: Service" in text)
    await publish(bridge, dict(written(text, folder).definition))

    wrong = await bridge.request("POST", "/v1/apis/shop/orders", json={"count": 0})
    asked = await bridge.request("GET", "/v1/apis/shop/orders/7", token=await bridge.token("service:shop:one"))

    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")
    assert "body/item" in wrong.json()["detail"]
    assert (asked.status_code, asked.json()["code"]) == (503, "secret_missing")


async def test_error_of_the_page_is_one(bridge: GatewayUnderTest) -> None:
    (text,) = (text for language, text in BLOCKS if language == "json")
    main = upstream("http://127.0.0.1:1")
    await publish(bridge, {"upstreams": {"main": main}, "routes": [{"name": "a", "path": "/a", "upstream": "main"}]})

    answer = await bridge.request("GET", "/v1/apis/shop/a")

    assert answer.json() == msgspec.json.decode(text)


async def test_calls_cost_what_the_page_says(bridge: GatewayUnderTest, world: World) -> None:
    (text,) = (text for text in YAML if "\nopenapi: " in text)
    node = await world.raw(head(200, body=b"kept"))
    terms: dict[str, dict[str, Any]] = {
        "/kept": {"upstream": "main", "cache": {"ttl_s": 60}},
        "/orders/7": {"mock": "always"},
        "/gone": {"upstream": "gone"},
        "/broken": {"upstream": "broken"},
        "/secret": {"upstream": "secret"},
        "/small": {"upstream": "main", "max_body_bytes": 0},
    }
    upstreams = {
        "main": upstream(node.url),
        "gone": upstream("http://127.0.0.1:1"),
        "broken": upstream((await world.raw(b"nonsense")).url),
        "secret": upstream(node.url, auth={"key": "stored:nothing"}),
    }
    routes = [
        {"name": f"r{place}", "path": path, "price_per_call": "0.01", **more}
        for place, (path, more) in enumerate(terms.items())
    ]
    await publish(bridge, {"document": read_yaml(text), "upstreams": upstreams, "routes": routes})

    got = [await bridge.request("GET", f"/v1/apis/shop{path}") for path in ("/kept", *terms) if path != "/small"]
    wish = {"cache-control": "only-if-cached"}
    got.append(await bridge.request("GET", "/v1/apis/shop/kept?x=1", headers=wish))
    refused = await bridge.request("POST", "/v1/apis/shop/small", content=b"x")

    taken = {row.call_id: (row.status, row.cost) for row in await bridge.gateway.store.recent()}
    priced, free = 10_000_000, 0  # 0.01 USD in nano-dollars
    assert len([each for each in node.heads if each.startswith(b"GET ")]) == 1
    assert [taken[answer.headers["x-request-id"]] for answer in (*got, refused)] == [
        *((200, priced), (200, priced), (200, priced), (502, free), (502, priced)),
        *((503, free), (504, free), (413, free)),
    ]


# the definition


@pytest.mark.parametrize("heading", STRUCTS)
def test_table_has_every_member_and_no_other(heading: str) -> None:
    own = STRUCTS[heading].__struct_encode_fields__
    above = definition.Terms.__struct_encode_fields__ if heading == "A route" else ()

    assert [words(row[0]) for row in rows(section(heading), 4)] == [[name] for name in own if name not in above]


def test_every_part_of_a_definition_has_a_table() -> None:
    told = set(STRUCTS.values())
    parts = {each for each in vars(definition).values() if isinstance(each, type) and issubclass(each, definition.Part)}

    assert parts - told == {definition.Part}


@pytest.mark.parametrize(("struct", "name", "allowed", "without"), members())
def test_what_a_member_may_be_is_what_is_taken(
    struct: type[msgspec.Struct], name: str, allowed: str, without: str
) -> None:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    field = next(each for each in info.fields if f"`{each.encode_name}`" == name)
    kind = without_none(field.type)
    greatest, all_bounds = bounds_of(kind)

    assert greatest <= set(amounts(allowed)) <= all_bounds
    if isinstance(kind, inspect.EnumType):
        assert words(allowed) == [each.value for each in kind.cls]
    assert isinstance(kind, inspect.BoolType) is (words(allowed) == ["true", "false"])
    assert field.required is (without == "needed")
    if not field.required:
        check_default(field, kind, without)


def check_default(field: inspect.Field, kind: inspect.Type, without: str) -> None:
    """Hold what the page says there is without a member against what there is."""
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if without == "as below":
        assert isinstance(kind, inspect.StructType)
        assert default == kind.cls()
    elif without == "none":
        assert default in ("", {}, (), None)
    elif words(without):
        assert msgspec.json.decode(msgspec.json.encode(default)) == read_yaml(words(without)[0])
    else:
        assert [default] == amounts(without)


# what crosses


def test_headers_that_never_cross_are_those_of_the_tables() -> None:
    up, down = section("What crosses, and what does not").split("| never comes down | |")
    told_up = [name for _, cell in rows(up, 2) for name in words(cell) if not name.startswith("request.")]
    told_down = [name for _, cell in rows(down, 2) for name in words(cell) if not name.startswith("response.")]

    assert sorted(told_up) == names(headers._NOT_UP, headers._NOT_UP_BEGINNINGS)
    kept_names = {b"x-request-id", b"request-id"}  # come under another name
    assert sorted(told_down) == names(
        headers._NOT_DOWN - headers._HOP_BY_HOP - kept_names, headers._NOT_DOWN_BEGINNINGS
    )


def names(whole: frozenset[bytes], beginnings: tuple[bytes, ...]) -> list[str]:
    return sorted([*(name.decode() for name in whole), *(f"{name.decode()}*" for name in beginnings)])


def test_methods_that_are_tried_again_are_told() -> None:
    text = section("Retries")

    assert set(words(text)) == {*exchange.REPEATABLE, "retry_all"}
    assert {int(status) for status in re.findall(r"\b50\d\b", text)} == exchange.ELSEWHERE


@pytest.mark.parametrize(
    ("template", "path", "fits"),
    [
        ("/orders", "/orders/", False),
        ("/orders/{id}", "/orders/7", True),
        ("/orders/{id}", "/orders/", False),
        ("/orders/{id}", "/orders/7/8", False),
        ("/reports/{name}.pdf", "/reports/a.pdf", True),
        ("/files/{rest*}", "/files/a/b", True),
        ("/files/{rest*}", "/files", True),
    ],
)
def test_path_of_the_page_takes_what_it_says(template: str, path: str, fits: bool) -> None:
    way = routing.make_way(definition.Route(name="a", path=template), 0)

    assert f"| `{template}` |" in section("Which route takes a call")
    assert (routing.Router([way]).find("GET", path, conditions.values_of((), b"")) is not None) is fits


# errors, changes, bounds


def codes_of_the_kind() -> set[str]:
    """Find the codes that the kind gives where it refuses a call."""
    found: set[str] = set()
    for path in (ROOT / "plugins" / "tollbridge_rest").glob("*.py"):
        text = path.read_text("utf-8")
        found |= set(re.findall(r'\bcode="(\w+)"', text)) | set(re.findall(r'\b50\d, "(upstream_\w+)"', text))
    return found


def test_every_code_of_the_kind_is_told_and_every_one_that_is_told_is_there() -> None:
    told = {(int(row[0]), *words(row[1])) for row in rows(section("Errors"), 3)}
    general: Mapping[str, type[errors.GatewayError]] = {
        each.code: each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.GatewayError)
    }
    known = codes_of_the_kind() | general.keys() | {"not_acceptable", "secret_missing"}

    assert codes_of_the_kind() <= {code for _, code in told}
    assert {code for _, code in told} <= known
    assert (errors.MethodNotAllowed.status, errors.MethodNotAllowed.code) in told
    assert (UpstreamError.status, UpstreamError.code) in told


def test_changes_that_break_callers_are_those_of_the_table() -> None:
    told = [name for row in rows(section("What breaks callers"), 2) for name in words(row[0])]

    assert sorted(told) == sorted(changing._BREAKS)


def test_bounds_of_the_page_are_those_of_the_code() -> None:
    told = {what: amounts(most) for what, most in rows(section("Bounds"), 2)}

    assert told == {what: [most] for what, most in BOUNDS.items()}


def test_bounds_of_documents_are_those_of_the_code() -> None:
    (row,) = (row for row in rows(DOCUMENTS.split("\n## What is read\n")[1].split("\n## ")[0], 2) if row[0] == "bounds")
    found = [documents.MAX_BYTES, documents.MAX_NODES, documents.MAX_CHARACTERS // UNITS[" MiB"], documents.MAX_DEPTH]

    assert amounts(row[1]) == [*found, MAX_OPERATIONS]
