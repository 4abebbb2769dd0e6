"""OpenAI's own SDK and OpenAI's own schema take what the codec writes."""

import importlib.util
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given, settings
from openai.types.responses import Response as Official
from tests.providers.openai.responses_support import CODEC, answer, lines, notes, read, shown, streamed
from tests.support.corpus import VARIABLE
from tests.support.requires import requires

from tollbridge import Usage
from tollbridge.errors import RateLimited
from tollbridge.formats import (
    Begin,
    Broken,
    Citation,
    Logprob,
    Media,
    MediaKind,
    Reasoning,
    Refusal,
    Response,
    State,
    Stop,
    Text,
    ToolCall,
)
from tollbridge.testing.conversations import requests, responses

pytestmark = requires("python-sdks")

STATE = State("stranger", {"signature": "s"})
ASKED: dict[str, Any] = {
    "instructions": "be kind",
    "tools": [
        {"type": "function", "name": "f", "parameters": {"type": "object"}},
        {"type": "custom", "name": "g"},
        {"type": "web_search"},
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}, "verbosity": "low"},
    "metadata": {"a": "b"},
}
EVERYTHING = answer(
    Reasoning(text="long", state=STATE),
    Reasoning(text="short", summary=True),
    Reasoning(state=STATE),
    Text(
        text="hello",
        citations=(Citation(url="https://a", title="A", start=0, end=5), Citation(file_id="f", title="a.txt")),
        logprobs=(Logprob("hello", -1, None, (Logprob("h", -2),)),),
    ),
    Refusal(text="no"),
    ToolCall(id="c", name="f", arguments='{"a": 1}', state=STATE),
    ToolCall(id="d", name="f"),
    ToolCall(id="e", name="g", arguments="words", custom=True),
    Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png"),
    Text(text="bye"),
    usage=Usage(input=3, cache_read=2, cache_write=1, output=5, reasoning=2),
)


def client(body: bytes, kind: str = "text/event-stream", status: int = 200) -> openai.OpenAI:
    """Make the SDK's client of a server that answers everything with this."""

    def answered(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-type": kind}, content=body)

    transport = httpx2.MockTransport(answered)
    return openai.OpenAI(api_key="k", http_client=httpx2.Client(transport=transport), max_retries=0)


def final(stream: bytes) -> Any:
    """Give the answer that the SDK has at the end of a stream, each event of which it takes."""
    with client(stream) as sdk, sdk.responses.stream(model="m", input="hi") as events:
        return as_sent(events.get_final_response().to_dict())


def as_sent(value: Any) -> Any:
    """Leave out what the SDK adds itself."""
    if isinstance(value, dict):
        added = ("parsed", "parsed_arguments")
        return {name: as_sent(inner) for name, inner in value.items() if name not in added}
    return [as_sent(inner) for inner in value] if isinstance(value, list) else value


def test_sdk_has_the_same_answer_whole_and_streamed() -> None:
    request = read(**ASKED)
    body = CODEC.write_response(EVERYTHING, request, notes())

    with client(body, "application/json") as sdk:
        whole = sdk.responses.create(model="m", input="hi")

    assert whole.to_dict() == json.loads(body)
    assert whole.output_text == "hellobye"
    assert final(streamed(EVERYTHING, request)) == whole.to_dict()


@settings(max_examples=30)
@given(responses())
def test_sdk_takes_every_answer(response: Response) -> None:
    told = shown(response)
    stream = streamed(response)

    assert Official.model_validate(told, strict=False).id == told["id"]
    if told["status"] == "completed":
        assert final(stream) == told
    with client(stream) as sdk:
        events = list(sdk.responses.create(model="m", input="hi", stream=True))
    assert [event.to_dict() for event in events] == lines(stream)


@pytest.mark.parametrize("stop", [Stop.LENGTH, Stop.FILTER, Stop.BROKEN_CALL])
def test_sdk_sees_that_an_answer_is_not_whole(stop: Stop) -> None:
    stream = streamed(answer(Text(text="hello"), stop=stop))

    with client(stream) as sdk:
        *_, last = sdk.responses.create(model="m", input="hi", stream=True)

    assert last.type == ("response.failed" if stop is Stop.BROKEN_CALL else "response.incomplete")


def test_sdk_raises_its_own_exception_for_an_error_in_a_stream() -> None:
    writer = CODEC.stream_writer(read(), notes())
    stream = writer.write(Begin(origin="x", model="m")) + writer.write(Broken(error=RateLimited("slow down")))

    with client(stream) as sdk, pytest.raises(openai.APIError, match="slow down"):
        list(sdk.responses.create(model="m", input="hi", stream=True))


def schema_errors(folder: Path) -> Callable[[str, Any], list[str]] | None:
    """Give `errors` of `oai_validate.py`, which stands beside the recorded traffic, where it can run.

    It needs jsonschema and PyYAML, and OpenAI's OpenAPI document as JSON, which is put into `folder`.
    """
    root = os.environ.get(VARIABLE, "")
    tool, spec = Path(root, "../tools/oai_validate.py"), Path(root, "specs/openai-openapi.yaml")
    if not root or not tool.exists() or any(importlib.util.find_spec(name) is None for name in ("jsonschema", "yaml")):
        return None
    import yaml

    found = importlib.util.spec_from_file_location("oai_validate", tool)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    as_json = folder / "openapi.json"
    as_json.write_text(json.dumps(yaml.load(spec.read_text("utf-8"), Loader=loader), default=str))
    module.SPEC = str(as_json)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the tool leaves closing the file to the interpreter
        module.spec()
    errors: Callable[[str, Any], list[str]] = module.errors
    return errors


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Any], list[str]]:
    found = schema_errors(tmp_path_factory.mktemp("schema"))
    if found is None:
        pytest.skip(f"needs jsonschema, PyYAML and the folder of recorded traffic in {VARIABLE}")
    return found


@pytest.mark.parametrize("asked", [{}, ASKED], ids=["bare", "asked"])
@pytest.mark.parametrize("stop", [*Stop, None])
def test_schema_takes_every_answer_and_every_event(
    errors: Callable[[str, Any], list[str]], stop: Stop | None, asked: dict[str, Any]
) -> None:
    response = answer(*EVERYTHING.choices[0].parts, stop=stop, usage=EVERYTHING.usage)
    request = read(**asked)

    assert errors("Response", shown(response, request=request)) == []
    for line in lines(streamed(response, request)):
        assert errors("ResponseStreamEvent", line) == [], line["type"]


@settings(max_examples=25)
@given(requests())
def test_schema_takes_every_request(errors: Callable[[str, Any], list[str]], request: Any) -> None:
    assert errors("CreateResponse", json.loads(CODEC.write_request(request, notes()))) == []
