"""What is written, against Google's own description of the format."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.providers.gemini.support import CODEC, asked, notes, pieces, written
from tests.providers.gemini.test_properties import MESSAGES, RESPONSES
from tests.support.corpus import VARIABLE

from tollbridge import GatewayError
from tollbridge.formats import ChoiceMode as Mode
from tollbridge.formats import Message, Request, Response, Tool, ToolChoice, unfold

PREFIX = "GoogleCloudAiplatformV1"
NEWER = {"Part": {"thought"}, "GenerateContentResponseUsageMetadata": {"serviceTier"}}
"""Members that the Gemini API has and this description of Vertex lacks."""


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    root = os.environ.get(VARIABLE, "")
    if not root:
        pytest.skip(f"Google's description is not here; name its folder in {VARIABLE}")
    text = Path(root, "specs/google-generatecontent.discovery-subset.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)["schemas"]
    return found


KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def problems(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str) -> list[str]:
    """Say where a value does not fit: a member that is not known, or of the wrong type."""
    named = schema.get("$ref", "")
    if named:
        return problems(value, {**schemas[named], "named": named.removeprefix(PREFIX)}, schemas, where)
    kind = schema.get("type", "any")
    if kind == "array":
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [found for item in value for found in problems(item, schema["items"], schemas, f"{where}[]")]
    if kind == "object" and "properties" in schema:
        known = schema["properties"]
        found = [
            f"{where}.{name}" for name in value if name not in known and name not in NEWER.get(schema["named"], ())
        ]
        return found + [
            problem
            for name, inner in value.items()
            if name in known
            for problem in problems(inner, known[name], schemas, f"{where}.{name}")
        ]
    if kind in KINDS and not isinstance(value, KINDS[kind]):
        return [f"{where} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where} is {value!r}"]
    return []


def check(body: Any, name: str, schemas: dict[str, Any]) -> None:
    assert problems(body, {"$ref": PREFIX + name}, schemas, "") == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(response=RESPONSES)
def test_answer_of_another_provider_fits_googles_description(response: Response, schemas: dict[str, Any]) -> None:
    check(json.loads(CODEC.write_response(response, asked(), notes())), "GenerateContentResponse", schemas)
    for piece in pieces(written(unfold(response))):
        check(piece, "GenerateContentResponse", schemas)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=MESSAGES)
def test_request_of_another_dialect_fits_googles_description(messages: list[Message], schemas: dict[str, Any]) -> None:
    request = Request(
        origin="x",
        model="gemini-3-flash-preview",
        messages=tuple(messages),
        tools=(Tool(name="f", description="d", schema={"type": "object"}),),
        choice=ToolChoice(mode=Mode.REQUIRED, names=("f",)),
        max_output=5,
        top_k=3,
    )
    try:
        body = json.loads(CODEC.write_request(request, notes()))
    except GatewayError:
        return

    check(body, "GenerateContentRequest", schemas)
