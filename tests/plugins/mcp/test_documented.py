"""What the page about MCP says is so: its designs can be published, and its tables are those of the code."""

import asyncio
import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest
import yaml
from mcp_types.version import KNOWN_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from tests.plugins.mcp.conftest import Bridge, listening
from tests.plugins.mcp.install import CLIENTS
from tests.support.requires import requires

from tollbridge.authorizing import AuthMethod, ClientRules, GrantType
from tollbridge.clients.wishes import checked_rules
from tollbridge.config import parse_config
from tollbridge.errors import (
    BadRequest,
    BodyTooLarge,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    RequestTimeout,
    Unauthenticated,
    Unavailable,
)
from tollbridge.services.kinds import About
from tollbridge.services.model import Design
from tollbridge_mcp import (
    bodies,
    catalogue,
    client,
    credentials,
    definition,
    doors,
    endpoint,
    guarded,
    invoking,
    messages,
    model,
    operations,
    parameters,
    proxy,
    requests,
    results,
    schemas,
    serving,
)
from tollbridge_mcp.app import origins_of
from tollbridge_mcp.kind import McpKind
from tollbridge_mcp.metadata import metadata_url, resource_metadata
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.openapi import describe
from tollbridge_routes.model.definition import ModelDefinition
from tollbridge_routes.model.kind import ModelKind

TEXT = (Path(__file__).parents[3] / "docs" / "mcp.md").read_text("utf-8")
KIND = McpKind()
GATEWAY = "https://gw.example.com"


def blocks(language: str) -> list[str]:
    """Give the blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def table(head: str) -> list[list[str]]:
    """Give the rows of the table that begins with this head."""
    found = re.findall(rf"^\| {re.escape(head)} \|.*\n\| ---.*\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert len(found) == 1, head
    return [[cell.strip() for cell in row.strip("|\n").split("|")] for row in found[0].splitlines()]


def designs() -> list[Design]:
    return [msgspec.convert(yaml.safe_load(text), Design) for text in blocks("yaml")]


def test_designs_can_be_published() -> None:
    kept = [msgspec.convert(each.definition, definition.McpDefinition) for each in designs()]

    assert len(kept) == 2
    for each in kept:
        assert KIND.check(each) == ()
    assert [each.name for each in KIND.operations(kept[0])] == ["w_forecast", "w_search"]
    assert list(KIND.secrets(kept[0])) == ["stored:blue.weather"]
    assert list(KIND.secrets(kept[1])) == ["stored:blue.tickets"]


def test_scopes_and_calls_name_tools_that_are_let_through() -> None:
    naming = definition.Naming(msgspec.convert(designs()[0].definition, definition.McpDefinition))
    scopes = [scope.removeprefix("service:forecasts:") for scope in re.findall(r"service:forecasts:[a-z_*]+", TEXT)]
    called = re.findall(r"/forecasts/tools/([a-z_]+)", TEXT)

    assert scopes == ["w_get_*", "w_forecast", "w_search"]
    assert called == ["w_forecast"]
    assert all(naming.theirs(name.replace("*", "alerts")) for name in (*scopes, *called))


@pytest.mark.parametrize(
    ("head", "shape"),
    [
        ("field", definition.McpDefinition),
        ("field of a tool", definition.ToolRule),
        ("field of `oauth`", definition.ClientCredentials),
    ],
)
def test_tables_have_every_field(head: str, shape: type[msgspec.Struct]) -> None:
    assert [row[0].strip("`") for row in table(head)] == list(shape.__struct_fields__)


def test_tools_of_the_global_server_are_those_of_the_code() -> None:
    told = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in table("tool")}

    assert told == {each.name: list(each.input_schema["properties"]) for each in catalogue.TOOLS}
    needed = {name for each in catalogue.TOOLS for name in each.input_schema.get("required", ())}
    assert needed == {"service"}
    assert set(re.findall(r"`(\w+)`", table("tool")[0][2])) >= set(catalogue.Published.__struct_fields__)


def test_invocation_of_the_page_is_one() -> None:
    (shown,) = [each for each in map(json.loads, blocks("json")) if "service" in each]

    request = catalogue.request_to(shown)

    assert (request.method, request.path, request.query) == ("GET", "/v1/apis/shop/orders", "status=new&status=paid")


def test_headers_of_the_page_are_those_that_can_be_set() -> None:
    said = re.search(r"`headers` may be (.*?), and `x-...`", TEXT, re.DOTALL)
    assert said is not None
    names = re.findall(r"`([a-z-]+)`", said[1])

    catalogue.request_to({"service": "shop", "headers": {**dict.fromkeys(names, "a"), "x-trace": "a"}})
    with pytest.raises(BadRequest) as caught:
        catalogue.request_to({"service": "shop", "headers": {"cookie": "a"}})
    assert f"these can: {', '.join(names)}, x-..." in caught.value.message


def amount(value: float, unit: str = "") -> str:
    """Write a bound as the page does."""
    if unit == "B":
        size, unit = (value / 1024**2, "MiB") if value >= 1024**2 else (value / 1024, "KiB")
        return f"{size:g} {unit}"
    return f"{value:,.0f} {unit}".rstrip()


def test_bounds_are_those_of_the_code() -> None:
    assert {row[0]: row[1] for row in table("what | most")} == {
        "a message": amount(messages.LARGEST, "B"),
        "depth of a message": amount(messages.DEEPEST),
        "time for a message to be here": amount(endpoint.PATIENCE_S, "s"),
        "tools of a page of a list": amount(serving.PAGE_TOOLS),
        "size of a page of a list": amount(serving.PAGE_BYTES, "B"),
        "tools of a service": amount(operations.MOST_TOOLS),
        "values in the schemas of a tool": amount(schemas.MOST_NODES),
        "values in the schemas of all tools of a service": amount(operations.MOST_ALL_NODES),
        "depth of a schema": amount(schemas.DEEPEST),
        "parameters of an operation": amount(parameters.MOST_PARAMETERS),
        "members of a body that become arguments": amount(bodies.MOST_FIELDS),
        "path and query of a call": amount(requests.LONGEST_TARGET, "bytes"),
        "an answer that a tool gives": amount(invoking.LARGEST_ANSWER, "B"),
        "depth of JSON that a tool gives as such": amount(results.DEEPEST_ANSWER),
        "a message that says what went wrong": amount(model.LONGEST_TEXT, "characters"),
        "services of one `service_list`": amount(catalogue.MOST_LISTED),
        "a document that is given whole": amount(catalogue.LARGEST_DOCUMENT, "B"),
        "a part of a document": amount(2 * catalogue.LARGEST_DOCUMENT, "B"),
        "rules in `tools`": amount(definition.MOST_RULES),
        "tools of an outside server": amount(definition.MOST_TOOLS),
        "pages of its list": amount(client.MOST_PAGES),
        "answers of an outside server to one call": amount(guarded.LARGEST, "B"),
        "requests to an outside server for one call": amount(guarded.MOST_REQUESTS),
        "`timeout_s`": amount(definition.LONGEST_TIMEOUT_S, "s"),
        "time for an access token to be here": amount(credentials.PATIENCE_S, "s"),
    }


@pytest.mark.parametrize(
    "said",
    [
        f"each request, {definition.MOST_HEADERS} at most",
        f"`timeout_s` | how long a call may take, {definition.McpDefinition().timeout_s:g} where it is not said, "
        f"{definition.LONGEST_TIMEOUT_S:g} at most",
        f"together are at most {model.LONGEST_NAME} letters",
        f"At most {model.LONGEST_NAME} characters; a name that is taken",
        f"of tools is kept for {proxy.KEPT_S:g} seconds",
        f"was not here within {endpoint.PATIENCE_S:g} seconds",
        f"over {amount(messages.LARGEST, 'B')}",
    ],
)
def test_bounds_within_sentences_are_those_of_the_code(said: str) -> None:
    assert said in re.sub(r"\s+", " ", TEXT)


def test_longest_prefix_is_the_one_of_the_page() -> None:
    most = re.search(r"`prefix` \| .*, at most (\d+) \|", TEXT)
    assert most is not None

    assert not definition.problems(_with_prefix(int(most[1])))
    assert definition.problems(_with_prefix(int(most[1]) + 1))


def _with_prefix(length: int) -> definition.McpDefinition:
    tools = (definition.ToolRule(name="a"),)
    return definition.McpDefinition(url="https://mcp.example", tools=tools, prefix="p" * length)


def test_changes_that_break_are_those_of_the_page() -> None:
    before = _with_prefix(1)
    rules = (definition.ToolRule(name="a", rename="b"), definition.ToolRule(name="c"))
    oauth = definition.ClientCredentials(token_url="https://a.example", client_id="a", client_secret="stored:a")
    changed = {
        "url": "https://other.example",
        "prefix": "q",
        "headers": {"x-a": "a"},
        "oauth": oauth,
        "timeout_s": 5.0,
        "forward_identity": True,
    }

    after = msgspec.structs.replace(before, tools=rules, **changed)
    breaking = {each.path for each in KIND.changes(before, after) if each.breaking}
    taken = KIND.changes(before, msgspec.structs.replace(before, tools=rules[1:]))

    assert breaking == {"url", "prefix", "tools/a"}
    assert {each.path for each in KIND.changes(before, after)} - breaking == {*changed, "tools/c"} - breaking
    assert [(each.path, each.breaking) for each in taken] == [("tools/a", True), ("tools/c", False)]


@pytest.mark.parametrize("number", range(3))
def test_files_of_clients_name_the_server_and_hold_no_token(number: int) -> None:
    files = [each for each in map(json.loads, blocks("json")) if {"mcpServers", "servers"} & each.keys()]

    assert len(files) == 3
    (server,) = (files[number].get("mcpServers") or files[number]["servers"]).values()
    assert urlsplit(server["url"]).path == f"{endpoint.ROOT}/weather"
    assert re.fullmatch(r"Bearer \$\{[\w:]+\}", server["headers"]["Authorization"])


def test_redirect_uris_of_the_page_can_be_registered_by_a_public_client() -> None:
    section = TEXT.partition("## Signing in")[2].partition("\n## ")[0]
    named = re.findall(r"`(http://[\w.]+(?::PORT)?/[\w.]+)`", section)

    assert named == ["http://127.0.0.1/...", "http://localhost/...", "http://localhost:PORT/callback"]
    for uri in named:
        checked_rules(ClientRules(AuthMethod.NONE, (GrantType.AUTHORIZATION_CODE,), (uri.replace("PORT", "4000"),)))


def test_log_line_of_the_page_is_the_one_that_is_written() -> None:
    said = re.search(r"`tools_left_out`, with\s+`(\w+)`, `(\w+)` and `(\w+)`", TEXT)
    assert said is not None
    code = Path(doors.__file__).read_text("utf-8")

    assert re.findall(r'log\.info\("tools_left_out", (\w+)=.*?, (\w+)=.*?, (\w+)=', code) == [said.groups()]
    assert operations.MOST_NOTES == 100


async def test_python_of_the_page_calls_a_tool(bridge: Bridge) -> None:
    found: dict[str, Any] = {"__name__": "page"}
    exec(blocks("python")[0], found)

    async with listening(bridge) as url:
        result = await found["call"](f"{url}/v1/mcp/sentiment", "service:sentiment:*", "sentiment", {"text": "nice"})

    assert result.structured_content == {"sentiment": "good"}


@requires("mcp-node")
async def test_typescript_of_the_page_lists_tools(bridge: Bridge, tmp_path: Path) -> None:
    code, written = blocks("ts")[0], "https://gw.example.com/v1/mcp/weather"
    assert code.count(written) == 1
    (tmp_path / "node_modules").symlink_to(CLIENTS.folder() / "node_modules")

    async with listening(bridge) as url:
        (tmp_path / "page.mjs").write_text(code.replace(written, f"{url}/v1/mcp/sentiment"))
        process = await asyncio.create_subprocess_exec(
            *("node", "page.mjs"),
            cwd=tmp_path,
            env={**os.environ, "TOLLBRIDGE_TOKEN": "service:sentiment:*"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, wrong = await process.communicate()

    assert process.returncode == 0, wrong.decode()
    assert "name: 'sentiment'" in said.decode()


def test_clients_of_the_page_are_those_that_are_tried() -> None:
    node = Path(__file__).parent / "node"
    tried = json.loads((node / "package.json").read_text("utf-8"))["dependencies"]
    said = dict(re.findall(r"`(@modelcontextprotocol/\w+)`,? (\d+\.\d+)", TEXT))
    code = (node / "client.mjs").read_text("utf-8")

    assert said == {name: version.rpartition(".")[0] for name, version in tried.items()}
    for module in re.findall(r"`(@modelcontextprotocol/sdk/[\w./]+)`", TEXT):
        assert f'"{module}"' in code


def test_document_of_the_page_is_the_one_that_is_served() -> None:
    (shown,) = [each for each in map(json.loads, blocks("json")) if "resource" in each]
    servers, scopes = shown["authorization_servers"], shown["scopes_supported"]

    assert resource_metadata(GATEWAY, "weather", servers=servers, scopes=scopes) == shown
    assert "authorization_servers" not in resource_metadata(GATEWAY, "weather", scopes=scopes)
    assert f'resource_metadata="{metadata_url(GATEWAY, endpoint.ROOT + "/weather")}"' in TEXT


def test_configuration_of_the_page_lets_its_page_call() -> None:
    (text,) = blocks("toml")

    assert origins_of(parse_config(tomllib.loads(text))) == ("http://localhost:6274",)


def test_revisions_of_the_page_are_all_that_there_are() -> None:
    told = [revision for row in table("revision") for revision in re.findall(r"`([\d-]+)`", row[0])]

    assert sorted(told) == sorted(KNOWN_PROTOCOL_VERSIONS)
    assert table("revision")[0][0].strip("`") in MODERN_PROTOCOL_VERSIONS


@pytest.mark.parametrize("revision", [each for each in KNOWN_PROTOCOL_VERSIONS if each not in MODERN_PROTOCOL_VERSIONS])
async def test_handshake_takes_each_revision_of_the_page(bridge: Bridge, revision: str) -> None:
    about = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "page", "version": "1"}}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    shown = {"authorization": "Bearer service:shop:*", "accept": "application/json, text/event-stream"}

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(bridge), base_url="http://gw") as http:
        answer = await http.post("/v1/mcp/shop", json=asked, headers=shown)

    assert answer.json()["result"]["protocolVersion"] == revision


def test_refusals_of_the_page_have_the_statuses_of_their_errors() -> None:
    errors = (BadRequest, Unauthenticated, NotFound, MethodNotAllowed, RequestTimeout, BodyTooLarge, RateLimited)
    told = {(int(row[0]), row[1].strip("`")) for row in table("status | `data.code`")}

    assert told == {
        *((each.status, each.code) for each in (*errors, Unavailable)),
        *((403, "origin_not_allowed"), (403, "not_subscribed"), (501, "not_installed")),
        *((410, "service_retired"), (503, "service_paused")),
        *((400, ""), (406, "")),
    }


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (400, {"content-type": "text/plain"}),
        (400, {"mcp-protocol-version": "2026-07-28"}),
        (406, {"accept": "text/event-stream"}),
    ],
)
async def test_sdk_answers_without_data_what_the_page_says_it_does(
    bridge: Bridge, status: int, headers: dict[str, str]
) -> None:
    asked = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'
    shown = {"authorization": "Bearer service:shop:*", "accept": "application/json", "content-type": "application/json"}

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(bridge), base_url="http://gw") as http:
        answer = await http.post("/v1/mcp/shop", content=asked, headers={**shown, **headers})

    assert answer.status_code == status
    assert '"code":"' not in answer.text


def test_example_of_a_name_is_so() -> None:
    wanted, given = re.findall(r"\(`(get_/[^`]+)`: `([^`]+)`\)", TEXT)[0]
    names = operations.Names()

    assert [names.give(wanted), names.give(wanted)] == [given, f"{given}_2"]


def test_prompt_is_one_tool_and_model_route_none() -> None:
    about = About("ask", "Ask", "", "1", f"{GATEWAY}/v1/apis/ask")
    prompt = {"model": "small", "user": "{{text}}", "get": {"max_age_s": 60}}
    variables = {"text": {"type": "string"}, "tone": {"type": "string", "default": "kind"}}
    given = msgspec.convert({**prompt, "variables": variables}, PromptDefinition)
    route = ModelKind().openapi(about, ModelDefinition(model="small"))

    (one,) = operations.read_document(describe(about, given)).operations

    assert (one.tool.name, one.method) == ("call", "POST")
    assert list(one.tool.input_schema["properties"]) == ["text", "tone"]
    assert one.tool.input_schema["required"] == ["text"]
    assert operations.read_document(route).operations == ()
