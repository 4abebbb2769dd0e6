"""What can be called of a service, how it is described, and its definition by hand."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.dashboard.servicing import BEHIND, api, begun, draft, fields, released
from tests.support.visiting import Visitor

from tollbridge.screens import Form
from tollbridge_dashboard.services.endpoints import calls_of, read_object

ROUTE = {"name": "read", "path": "/orders/{id}", "methods": ["GET"], "summary": "One order", "upstream": "main"}


async def test_operations_are_shown_with_their_scopes_prices_and_calls(visit: Visitor) -> None:
    await begun(visit, definition={**BEHIND, "routes": [{**ROUTE, "price_per_call": "0.5"}]})

    page = (await visit.get("/services/orders/endpoints")).text

    assert "/v1/apis/orders/orders/{id}" in page
    assert "One order" in page
    assert "<code>service:orders:read</code>" in page
    assert '<data value="0.5">$0.500</data>' in page
    assert "https://api.example.com" in page


async def test_release_is_shown_as_it_was_made(visit: Visitor) -> None:
    await begun(visit, definition={**BEHIND, "routes": [ROUTE]})
    await released(visit)
    await api(visit).patch("/services/orders", {"draft": {"definition": {**BEHIND, "routes": []}}})

    now = (await visit.get("/services/orders/endpoints")).text
    before = (await visit.get("/services/orders/endpoints?release=1")).text

    assert "Nothing can be called yet." in now
    assert "One order" in before
    assert (await visit.get("/services/orders/endpoints?release=9")).status_code == 404


@pytest.mark.parametrize(
    "definition",
    [{}, {"routes": 7}, {"upstreams": [1]}, {"upstreams": {"a": 1}}, {"upstreams": {"a": {"nodes": {}, "auth": 3}}}],
)
async def test_draft_that_is_not_ready_is_shown_all_the_same(visit: Visitor, definition: dict[str, Any]) -> None:
    await begun(visit, definition=definition)

    for tab in ("", "/endpoints", "/docs", "/definition", "/lifecycle"):
        assert (await visit.get(f"/services/orders{tab}")).status_code == 200


async def test_definition_is_written_by_hand_unless_somebody_else_did_meanwhile(visit: Visitor) -> None:
    await begun(visit)
    page = await visit.get("/services/orders/definition")
    tag = fields(page)["tag"]
    written = json.dumps({**BEHIND, "routes": [ROUTE]})

    saved = await visit.post("/services/orders/definition", {"definition": written, "tag": tag})
    late = await visit.post("/services/orders/definition", {"definition": "{}", "tag": tag})

    assert "&#34;upstreams&#34;" in page.text
    assert saved.headers["location"] == "/_tollbridge/services/orders/endpoints?said=changed"
    assert late.status_code == 400
    assert "changed since" in late.text
    assert (await draft(visit))["definition"]["routes"] == [ROUTE]


@pytest.mark.parametrize(
    ("written", "said"), [("{", "look at line 1"), ("[]", "no JSON object"), ("[" * 100_000, "nested too deep")]
)
async def test_what_is_no_json_stands_beside_the_field_and_stays(visit: Visitor, written: str, said: str) -> None:
    await begun(visit)

    reply = await visit.post("/services/orders/definition", {"definition": written})

    assert reply.status_code == 400
    assert said in reply.text
    assert written[:50] in reply.text
    assert (await draft(visit))["definition"]["routes"]


async def test_definition_with_a_secret_in_it_is_refused_beside_its_field(visit: Visitor) -> None:
    await begun(visit)
    upstream = {"nodes": [{"url": "https://api.example.com"}], "auth": {"scheme": "bearer", "key": "quartz"}}

    reply = await visit.post(
        "/services/orders/definition", {"definition": json.dumps({"upstreams": {"main": upstream}})}
    )

    assert reply.status_code == 400
    assert 'id="h-definition">A secret does not belong in it' in reply.text.replace("d&#39;", "d'")


async def test_large_definition_is_taken_by_the_form(visit: Visitor) -> None:
    await begun(visit)
    document = {"openapi": "3.1.0", "info": {"title": "x" * 100_000, "version": "1"}, "paths": {}}

    reply = await visit.post("/services/orders/definition", {"definition": json.dumps({"document": document})})

    assert reply.status_code == 303
    assert len((await draft(visit))["definition"]["document"]["info"]["title"]) == 100_000


async def test_docs_show_the_fields_of_each_call_and_lead_to_the_document(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt", docs="# Read me\n<b>plain</b>")

    page = (await visit.get("/services/sum/docs")).text
    document = await visit.get("/services/sum/openapi.json")

    assert "# Read me\n&lt;b&gt;plain" in page
    assert "What is summed up." in page
    assert "<b>text</b>" in page
    assert "<code>3</code>" in page.replace("\n", "")
    assert document.headers["content-type"] == "application/json"
    assert document.json()["openapi"] == "3.1.0"


def test_fields_are_found_behind_references_and_in_parameters_of_the_path() -> None:
    document = {
        "paths": {
            "/a/{id}": {
                "parameters": [{"$ref": "#/components/parameters/Id"}],
                "post": {
                    "summary": "Do",
                    "parameters": [
                        {"name": "q", "in": "query", "schema": {"type": ["string", "null"], "default": "x"}}
                    ],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A~1B"}}}},
                },
            }
        },
        "components": {
            "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}},
            "schemas": {
                "A/B": {"required": ["text"], "properties": {"text": {"type": "string", "description": "It."}}}
            },
        },
    }

    (call,) = calls_of(document)

    assert (call["method"], call["path"], call["summary"]) == ("POST", "/a/{id}", "Do")
    assert [tuple(field.values()) for field in call["fields"]] == [
        ("id", "path", "integer", True, "", ""),
        ("q", "query", "string | null", False, "", '"x"'),
        ("text", "body", "string", True, "It.", ""),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["$ref", "get", "schema", "type", "#/a"]), inner),
)
"""Values as a document might hold that nobody checked."""


@given(st.dictionaries(st.text(), st.dictionaries(st.sampled_from(["get", "parameters", "post"]), JSON)))
def test_no_document_is_too_odd_to_be_listed(paths: dict[str, Any]) -> None:
    assert all(call["method"] in ("GET", "POST") for call in calls_of({"paths": paths}))


@given(st.text())
def test_what_is_typed_is_an_object_or_a_mistake_beside_its_field(typed: str) -> None:
    form = Form(())

    found = read_object(typed, form, "definition")

    assert isinstance(found, dict) is not ("definition" in form.errors)
