"""Every sample is run, as it is shown, against a gateway on loopback."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from tests.plugins.portal.machine import NEEDS, TOKEN, run_sample
from tests.plugins.portal.shown import Shown
from tests.support.requires import requires

from tollbridge_portal.samples import (
    Called,
    Sample,
    chat,
    embeddings,
    messages,
    prompt,
    responses,
    rest,
    samples,
)

SAID = 'It\'s "5 $HOME" \\n \\ `id` ${HOME} %s {0} #{1}\nsecond\tline: 中文 \U0001f389 </script> @x !y'
VALUES = {"letter": SAID, "words": ["`", "$x", "'\"'", "中", 12345678901234567890, 1.5, None, True, {"__proto__": "p"}]}
QUERY = [("q", "a b&c=d"), ("q", "中'\"`$x"), ("é", "")]
CALLS: dict[str, Callable[[], Called]] = {
    "chat": lambda: chat("echo", SAID),
    "chat streamed": lambda: chat("echo", SAID, streamed=True),
    "responses": lambda: responses("echo", SAID),
    "responses streamed": lambda: responses("echo", SAID, streamed=True),
    "messages": lambda: messages("echo", SAID),
    "messages streamed": lambda: messages("echo", SAID, streamed=True),
    "embeddings": lambda: embeddings("vectors", SAID),
    "prompt": lambda: prompt("/v1/apis/letter", VALUES, model="api/letter", said=SAID),
    "prompt streamed": lambda: prompt("/v1/apis/letter", VALUES, model="api/letter", said=SAID, streamed=True),
}
COMPILED = {"go", "java", "csharp"}
"""What the kind of a model's call changes nothing in but a path and a body: some of them are enough."""

ENOUGH = {"chat streamed", "messages", "prompt", "prompt streamed"}

Read = Callable[[Any], str]
WHOLE: dict[str, Read] = {
    "chat": lambda answer: answer["choices"][0]["message"]["content"],
    "responses": lambda answer: answer["output"][0]["content"][0]["text"],
    "messages": lambda answer: answer["content"][0]["text"],
}
PIECE: dict[str, Read] = {
    "chat": lambda event: "".join(choice["delta"].get("content") or "" for choice in event.get("choices", ())),
    "responses": lambda event: event["delta"] if event["type"] == "response.output_text.delta" else "",
    "messages": lambda event: event["delta"].get("text", "") if event["type"] == "content_block_delta" else "",
    "prompt": lambda event: event.get("text", ""),
}


def found(name: str, called: Called, shown: Shown) -> Sample:
    """Give the sample of that name for a call."""
    (sample,) = [sample for sample in samples(called, shown.url, TOKEN) if sample.name == name]
    return sample


def pairs() -> list[Any]:
    """Give each sample of each call, marked with what it needs."""
    made = []
    for what, call in CALLS.items():
        for sample in samples(call(), "http://127.0.0.1", TOKEN):
            if sample.name in COMPILED and what not in ENOUGH:
                continue
            need = NEEDS[sample.name]
            made.append(pytest.param(what, sample.name, marks=[requires(need)] if need else []))
    return made


def heard(what: str, name: str, printed: str) -> str:
    """Read out of what a sample printed what the model said."""
    kind, _, streamed = what.partition(" ")
    if name.endswith(("openai", "anthropic")):
        return printed.removesuffix("\n")
    if not streamed:
        return printed.removesuffix("\n") if kind == "prompt" else WHOLE[kind](json.loads(printed))
    lines = [line.removeprefix("data:").strip() for line in printed.splitlines()] if name != "curl" else curled(printed)
    events = [json.loads(line) for line in lines if line and line != "[DONE]"]
    return "".join(PIECE[kind](event) for event in events)


def curled(printed: str) -> list[str]:
    return [line.removeprefix("data:").strip() for line in printed.splitlines() if line.startswith("data:")]


@pytest.mark.parametrize(("what", "name"), pairs())
def test_sample_says_what_it_is_to_say_and_shows_the_answer(what: str, name: str, shown: Shown, tmp_path: Path) -> None:
    sample = found(name, CALLS[what](), shown)

    printed = run_sample(sample, tmp_path, shown.token)

    if what == "embeddings":
        shown_vector = printed if name.endswith("openai") else str(json.loads(printed)["data"][0]["embedding"])
        vector = ast.literal_eval(shown_vector)
        assert len(vector) == 8
        assert sum(number * number for number in vector) == pytest.approx(1)
    else:
        assert heard(what, name, printed) == SAID


PLAIN = [
    pytest.param(name, marks=[requires(need)] if need else [])
    for name, need in NEEDS.items()
    if not name.endswith(("openai", "anthropic"))
]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_sample_of_an_operation_sends_just_what_it_shows(name: str, method: str, shown: Shown, tmp_path: Path) -> None:
    body = None if method == "GET" else {**VALUES, "`": '\x00\x1f\u2028\u202e\ufeff"\\'}
    called = rest(
        method,
        "/v1/apis/mirror/things/{id}",
        parameters={"id": "a/b 中'$`"},
        query=QUERY,
        headers={"X-Note": 'it\'s $HOME `id` "x" \\', "If-Match": "*", "X-Empty": ""},
        body=body,
        media_type="application/merge-patch+json",
    )

    seen = json.loads(run_sample(found(name, called, shown), tmp_path, shown.token))

    assert seen["method"] == method
    path, _, query = seen["path"].partition("?")
    assert path.startswith("/things/a%2Fb%20")  # no slash of a value's is one of the path
    assert unquote(path) == "/things/a/b 中'$`"
    assert parse_qsl(query, keep_blank_values=True) == QUERY
    assert seen["headers"]["x-note"] == 'it\'s $HOME `id` "x" \\'
    assert (seen["headers"]["if-match"], seen["headers"]["x-empty"]) == ("*", "")
    if body is None:
        assert seen["body"] == ""
        assert "content-type" not in seen["headers"]
    else:
        assert json.loads(seen["body"]) == body
        assert seen["headers"]["content-type"].startswith("application/merge-patch+json")


@pytest.mark.parametrize("name", [param for param in PLAIN if param.values != ("curl",)])
def test_sample_that_is_refused_fails_and_says_why(name: str, shown: Shown, tmp_path: Path) -> None:
    sample = found(name, prompt("/v1/apis/letter", {}), shown)

    with pytest.raises(AssertionError, match="invalid_fields"):
        run_sample(sample, tmp_path, shown.token)


@requires("curl")
def test_head_is_asked_without_waiting_for_a_body(shown: Shown, tmp_path: Path) -> None:
    called = rest("HEAD", "/v1/apis/mirror/files/{rest*}", parameters={"rest": "a/b"})

    printed = run_sample(found("curl", called, shown), tmp_path, shown.token)

    assert printed.startswith("HTTP/1.1 200")
