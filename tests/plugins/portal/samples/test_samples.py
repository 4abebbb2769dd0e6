import ast
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.portal.jsonvalues import TEXTS, VALUES
from tests.plugins.portal.machine import NEEDS, compile_csharp, run
from tests.support.requires import requires

from tollbridge_portal.samples import (
    Called,
    Unwritable,
    chat,
    embeddings,
    messages,
    prompt,
    responses,
    rest,
    samples,
)

BASE = "https://gw.example.com/ai"
PLAIN = ["python-httpx2", "javascript-fetch", "go", "java", "csharp"]
OPENAI = ["python-openai", "javascript-openai"]
bodies = st.one_of(st.none(), VALUES)
calls = st.one_of(
    st.builds(chat, TEXTS, TEXTS, streamed=st.booleans()),
    st.builds(responses, TEXTS, TEXTS, streamed=st.booleans()),
    st.builds(messages, TEXTS, TEXTS, streamed=st.booleans()),
    st.builds(embeddings, TEXTS, TEXTS),
    st.builds(
        lambda values, model, said, streamed: prompt("/v1/apis/it", values, model=model, said=said, streamed=streamed),
        st.dictionaries(TEXTS, VALUES, max_size=4),
        TEXTS,
        TEXTS,
        st.booleans(),
    ),
    st.builds(
        lambda method, query, body: rest(method, "/v1/apis/it/{id}", parameters={"id": "7"}, query=query, body=body),
        st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "QUERY"]),
        st.lists(st.tuples(TEXTS, TEXTS), max_size=3),
        bodies,
    ),
)


def names(called: Called) -> list[str]:
    return [sample.name for sample in samples(called, BASE, "TOKEN")]


def code(called: Called, name: str, base: str = BASE) -> str:
    (found,) = [sample.code for sample in samples(called, base, "TOKEN") if sample.name == name]
    return found


def test_call_has_a_sample_in_every_language_and_of_each_sdk_that_fits() -> None:
    assert names(chat("m", "Hi")) == ["curl", *OPENAI, *PLAIN]
    assert names(responses("m", "Hi")) == ["curl", *OPENAI, *PLAIN]
    assert names(embeddings("m", "Hi")) == ["curl", *OPENAI, *PLAIN]
    assert names(messages("m", "Hi")) == ["curl", "python-anthropic", "javascript-anthropic", *PLAIN]
    assert names(prompt("/v1/apis/it", {}, model="api/it", said="Hi")) == ["curl", *OPENAI, *PLAIN]
    assert names(prompt("/v1/apis/it", {})) == ["curl", *PLAIN]
    assert names(rest("GET", "/v1/apis/it")) == ["curl", *PLAIN]
    assert set(NEEDS) == {*names(chat("m", "Hi")), *names(messages("m", "Hi"))}


@given(called=calls)
def test_sample_says_how_it_is_run_and_hides_nothing(called: Called) -> None:
    for sample in samples(called, BASE, "TOKEN"):
        assert sample.title
        assert sample.file_name in sample.run or sample.language == "csharp"
        assert sample.code.endswith("\n")
        assert all(sign.isprintable() or sign in "\n\t" for sign in sample.code)
        assert "TOKEN" in sample.code


@given(called=calls)
def test_python_compiles(called: Called) -> None:
    for sample in samples(called, BASE, "TOKEN"):
        if sample.language == "python":
            ast.parse(sample.code)


@given(called=calls)
@settings(max_examples=25)
def test_curl_is_a_command_of_the_shell_that_gives_its_body_whole(called: Called) -> None:
    script = code(called, "curl").replace("curl ", "set -- ", 1) + "printf '%s\\0' \"$@\"\n"

    words = run(["sh", "-euc", script], Path("/"), TOKEN="it's").split("\0")[:-1]

    assert "Authorization: Bearer it's" in words
    assert [word for word in words if word.startswith(BASE)] == [BASE + called.path]
    if called.body is not None:
        assert json.loads(words[words.index("-d") + 1]) == called.body


@requires("node-sdks")
@given(found=st.lists(calls, min_size=10, max_size=10))
@settings(max_examples=3)
def test_javascript_is_a_module(found: list[Called], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("modules")
    for number, called in enumerate(found):
        (folder / f"{number}.mjs").write_text(code(called, "javascript-fetch"), "utf-8")

    for number in range(len(found)):
        run(["node", "--check", f"{number}.mjs"], folder)


@requires("go")
@given(found=st.lists(calls, min_size=20, max_size=20))
@settings(max_examples=3)
def test_go_is_written_as_gofmt_would(found: list[Called], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("go")
    for number, called in enumerate(found):
        (folder / f"main{number}.go").write_text(code(called, "go"), "utf-8")

    assert run(["gofmt", "-l", "."], folder) == ""


@requires("java")
@given(found=st.lists(calls, min_size=10, max_size=10))
@settings(max_examples=2)
def test_java_compiles(found: list[Called], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("java")
    for number, called in enumerate(found):
        (folder / f"Sample{number}.java").write_text(
            code(called, "java").replace("class Sample", f"class Sample{number}"), "utf-8"
        )

    run(["javac", "-encoding", "UTF-8", "-d", "out", *(f"Sample{number}.java" for number in range(len(found)))], folder)


@requires("mono")
@given(called=calls)
@settings(max_examples=5)
def test_csharp_compiles(called: Called, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("csharp")
    (folder / "Program.cs").write_text(code(called, "csharp"), "utf-8")

    compile_csharp(folder / "Program.cs", folder)


def test_curl_sends_an_empty_header_and_asks_for_heads() -> None:
    found = code(rest("HEAD", "/a", headers={"X-A": ""}), "curl")

    assert "-H 'X-A;'" in found
    assert "--head" in found
    assert "-X" not in found


def test_digits_that_javascript_would_lose_go_as_a_text() -> None:
    assert 'body: "{\\"n\\": 9007199254740993}"' in code(rest("PUT", "/a", body={"n": 2**53 + 1}), "javascript-fetch")
    assert "body: JSON.stringify({ n: 1 })" in code(rest("PUT", "/a", body={"n": 1}), "javascript-fetch")


def test_java_is_told_http_1_where_there_is_no_tls() -> None:
    called = rest("GET", "/a")

    assert "HTTP_1_1" in code(called, "java", "http://127.0.0.1:8800")
    assert "HTTP_1_1" not in code(called, "java")


def test_anthropics_version_is_said_where_no_sdk_says_it() -> None:
    for name in ("curl", *PLAIN):
        assert "anthropic-version" in code(messages("m", "Hi"), name)


@pytest.mark.parametrize(("base", "variable"), [("gw", "TOKEN"), (BASE, "1")])
@pytest.mark.parametrize("called", [chat("m", "Hi"), messages("m", "Hi"), rest("GET", "/a")])
def test_address_or_variable_that_is_none_is_refused(called: Called, base: str, variable: str) -> None:
    with pytest.raises(Unwritable):
        samples(called, base, variable)


def test_shell_is_given_no_way_to_run_what_a_stranger_wrote(tmp_path: Path) -> None:
    evil = "'; touch pwned; $(touch pwned) `touch pwned` \" \\"
    script = code(prompt("/v1/apis/it", {"a": evil, evil: "b"}), "curl").replace("curl ", "true ", 1)

    subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True)

    assert list(tmp_path.iterdir()) == []
