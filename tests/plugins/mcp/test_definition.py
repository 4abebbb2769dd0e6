"""What may be written of an outside server."""

import ast
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tollbridge_mcp
from tollbridge_mcp.definition import (
    ClientCredentials,
    McpDefinition,
    Naming,
    ToolRule,
    fits,
    problems,
    references,
    split_reference,
)

GOOD: dict[str, Any] = {"url": "https://mcp.example/mcp", "tools": [{"name": "search"}]}


def read(**given: Any) -> McpDefinition:
    return msgspec.convert({**GOOD, **given}, McpDefinition)


def fields(**given: Any) -> list[str]:
    return [each.field for each in problems(read(**given))]


def naming(*rules: tuple[str, str], prefix: str = "") -> Naming:
    return Naming(McpDefinition(tools=tuple(ToolRule(name=n, rename=r) for n, r in rules), prefix=prefix))


@pytest.mark.parametrize(
    "field",
    ["command", "args", "env", "cwd", "stdio", "transport", "shell", "executable", "script", "image", "package"],
)
def test_no_field_takes_a_command(field: str) -> None:
    for value in ("sh", ["sh", "-c", "id"], {"command": "sh"}):
        with pytest.raises(msgspec.ValidationError, match="unknown field"):
            read(**{field: value})
        for inside in ({"oauth": {"token_url": "x", "client_id": "x", "client_secret": "x", field: value}},):
            with pytest.raises(msgspec.ValidationError, match="unknown field"):
                read(**inside)
        with pytest.raises(msgspec.ValidationError, match="unknown field"):
            read(tools=[{"name": "a", field: value}])


def test_fields_are_these_and_no_others() -> None:
    assert McpDefinition.__struct_fields__ == (
        *("url", "headers", "oauth", "tools", "prefix", "timeout_s", "forward_identity"),
    )
    assert ToolRule.__struct_fields__ == ("name", "rename")


def test_nothing_of_ours_names_what_starts_a_program() -> None:
    for file in Path(tollbridge_mcp.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text())
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        imported = {
            f"{getattr(node, 'module', '')}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        for word in ("stdio", "subprocess", "Popen", "create_subprocess"):
            assert not [each for each in named | imported if word.lower() in each.lower()], file


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sh -c id",
        "/bin/sh",
        "stdio:sh",
        "stdio://sh",
        "file:///etc/passwd",
        "npx some-server",
        "docker://image",
        "ws://mcp.example",
        "javascript:x",
        "https://",
        "https://user:pass@mcp.example",
        "https://mcp.example/#x",
        "https://mcp.example:0/",
        "https://mcp.example:99999/",
        "https://[/",
        "https://mcp.example/a b",
        "https://mcp.example/é",
        "https://mcp.example/" + "a" * 2_000,
    ],
)
def test_url_is_one_of_https_or_there_is_a_problem(url: str) -> None:
    assert fields(url=url) == ["url"]


def test_good_definition_has_no_problem() -> None:
    whole = read(
        headers={"Authorization": "Bearer stored:weather", "X-Team": "blue", "x-api-key": "env:KEY"},
        tools=[{"name": "get_*"}, {"name": "search", "rename": "find"}],
        prefix="w.",
        timeout_s=5,
        forward_identity=True,
    )

    assert problems(whole) == []
    assert references(whole) == ("stored:weather", "env:KEY")


def test_secret_in_clear_is_a_problem() -> None:
    for name in ("Authorization", "x-api-key", "X-Auth-Token", "X-Secret"):
        assert fields(headers={name: "sk-123"}) == [f"headers/{name}"]
    assert fields(oauth={"token_url": "https://a.example", "client_id": "a", "client_secret": "clear"}) == [
        "oauth/client_secret"
    ]


@pytest.mark.parametrize(
    "name", ["Host", "Cookie", "Content-Length", "X-Forwarded-For", "mcp-session-id", "a b", "x\r\n", ""]
)
def test_header_that_is_ours_or_none_is_a_problem(name: str) -> None:
    assert fields(headers={name: "x"}) == [f"headers/{name}"]


def test_value_of_a_header_is_one_line() -> None:
    for value in ("a\r\nb: c", "é", "x" * 2_001):
        assert fields(headers={"X-A": value}) == ["headers/X-A"]
    assert "headers" in fields(headers={f"X-{i}": "a" for i in range(21)})


def test_oauth_is_judged() -> None:
    bad = {"token_url": "http:", "client_id": "", "client_secret": "Bearer stored:x"}

    assert fields(oauth=bad) == ["oauth/token_url", "oauth/client_id", "oauth/client_secret"]
    good = ClientCredentials(token_url="https://as.example/token", client_id="a", client_secret="stored:x")
    assert references(McpDefinition(oauth=good)) == ("stored:x",)
    both = read(oauth=msgspec.to_builtins(good), headers={"authorization": "Bearer stored:y"})
    assert [each.field for each in problems(both)] == ["headers"]


def test_tools_are_judged() -> None:
    assert fields(tools=[]) == ["tools"]
    assert fields(tools=[{"name": "a b"}]) == ["tools/0/name"]
    assert fields(tools=[{"name": "a*", "rename": "b"}]) == ["tools/0/rename"]
    assert fields(tools=[{"name": "a", "rename": "b c"}]) == ["tools/0/rename"]
    assert fields(tools=[{"name": "a", "rename": "b"}, {"name": "b"}]) == ["tools/1"]
    assert fields(tools=[{"name": f"a{i}"} for i in range(201)]) == ["tools"]
    assert fields(prefix="a b") == ["prefix"]
    assert fields(prefix="p" * 30, tools=[{"name": "a", "rename": "r" * 40}]) == ["tools/0/rename"]


@pytest.mark.parametrize("timeout_s", [0, -1, 601, float("inf")])
def test_calls_end_somewhere(timeout_s: float) -> None:
    assert fields(timeout_s=timeout_s) == ["timeout_s"]


def test_reference_may_stand_behind_a_scheme() -> None:
    assert split_reference("Bearer stored:a") == ("Bearer ", "stored:a")
    assert split_reference("stored:a") == ("", "stored:a")
    assert split_reference("plain") == ("", "")
    assert split_reference("Bearer  stored:a") == ("", "")


def test_only_what_is_let_through_is_there_under_its_name_here() -> None:
    names = naming(("search", ""), ("get_*", ""), ("delete", "remove"), prefix="w_")

    assert [names.here(each) for each in ("search", "get_a", "delete", "other", "w_search")] == [
        "w_search",
        "w_get_a",
        "w_remove",
        None,
        None,
    ]
    assert [
        names.theirs(each) for each in ("w_search", "w_get_a", "w_remove", "w_delete", "search", "w_other", "")
    ] == [
        "search",
        "get_a",
        "delete",
        None,
        None,
        None,
        None,
    ]


def test_tool_cannot_take_the_name_of_a_renamed_one() -> None:
    names = naming(("*", ""), ("delete", "search"))

    assert names.theirs("search") == "delete"
    assert names.here("search") is None
    assert names.here("delete") == "search"
    assert names.theirs("delete") is None


def test_name_that_is_no_name_is_not_let_through() -> None:
    names = naming(("*", ""))

    for name in ("a b", "a/b", "../a", "x" * 65, "", "é", "a\n"):
        assert names.here(name) is None


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("*", "", True),
        ("a*", "abc", True),
        ("*c", "abc", True),
        ("a*c", "ac", True),
        ("ab*bc", "abc", False),
        ("a*b*c", "axbxc", True),
        ("a*b*c", "axc", False),
        ("a*bb*c", "abbc", True),
        ("a.c", "abc", False),
        ("**", "a", True),
    ],
)
def test_star_is_any_text(pattern: str, name: str, expected: bool) -> None:
    assert fits(pattern, name) is expected


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_pattern_fits_as_one_without_cleverness_does(pattern: str, name: str) -> None:
    def slow(pattern: str, name: str) -> bool:
        if not pattern:
            return not name
        if pattern[0] == "*":
            return slow(pattern[1:], name) or (bool(name) and slow(pattern, name[1:]))
        return bool(name) and name[0] == pattern[0] and slow(pattern[1:], name[1:])

    assert fits(pattern, name) is slow(pattern, name)


def test_pattern_of_many_stars_takes_no_time() -> None:
    begun = time.process_time()
    fits("a*" * 60 + "b", "a" * 100_000)

    assert time.process_time() - begun < 0.5
