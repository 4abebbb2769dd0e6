"""A draft is made of a document: what it has, and what is told of what it has not."""

from typing import Any

import msgspec
import pytest

from tollbridge.services.model import Design
from tollbridge_rest import drafting
from tollbridge_rest.definition import Definition
from tollbridge_rest.documents import BadDocument
from tollbridge_rest.drafting import draft_of
from tollbridge_rest.kind import RestKind

ANSWERS = {"responses": {"200": {"description": "ok"}}}
URL = "https://api.example.com/v2"


def document(**more: Any) -> dict[str, Any]:
    paths = {"/orders": {"get": {"operationId": "list", **ANSWERS}, "post": {"operationId": "order", **ANSWERS}}}
    said = {"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": paths, "servers": [{"url": URL}]}
    return {**said, **more}


def nodes(design: dict[str, Any]) -> list[str]:
    upstreams = design["definition"].get("upstreams", {})
    return [node["url"] for upstream in upstreams.values() for node in upstream["nodes"]]


def test_draft_can_be_released_with_every_operation_at_the_documents_server() -> None:
    drafted = draft_of(document())

    design = msgspec.convert(drafted.design, Design)
    meant = msgspec.convert(design.definition, Definition)
    assert (design.name, drafted.operations, drafted.told) == ("Orders", 2, ())
    assert nodes(drafted.design) == [URL]
    assert list(RestKind().check(meant)) == []
    assert [each.name for each in RestKind().operations(meant)] == ["list", "order"]


@pytest.mark.parametrize(
    ("said", "upstream", "source", "url"),
    [
        ("https://api.example.com/v2/", "", "", URL),
        ("/v2", "", "https://api.example.com/docs/openapi.yaml", URL),
        ("v2", "", "https://api.example.com/openapi.yaml", URL),
        ("https://other.example", URL, "", URL),
    ],
)
def test_calls_go_to_what_is_said_else_to_the_first_server_seen_from_the_document(
    said: str, upstream: str, source: str, url: str
) -> None:
    drafted = draft_of(document(servers=[{"url": said}]), upstream=upstream, source=source)

    assert nodes(drafted.design) == [url]


@pytest.mark.parametrize("servers", [[], [{"url": "/v2"}], [{"url": "https://[::1"}]])
def test_draft_without_a_whole_url_says_that_one_is_missing(servers: list[dict[str, str]]) -> None:
    drafted = draft_of(document(servers=servers), source="orders.yaml")

    assert any(sentence.startswith("problem: upstreams") for sentence in drafted.told)
    assert not any("default/upstream" in sentence for sentence in drafted.told)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"servers": [{"url": URL}, {"url": "https://b.example"}]}, "servers are not used: https://b.example"),
        (
            {"paths": {"/a": {"get": {"operationId": "a", "servers": [{"url": "https://c.example"}], **ANSWERS}}}},
            "servers of single operations are not used: a",
        ),
        (
            {
                "security": [{"key": []}],
                "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
            },
            "security is not used (key): give the upstream its credential as auth",
        ),
        ({"security": [{}]}, "security is not used (none is described): give the upstream its credential as auth"),
        (
            {"paths": {"/a": {"get": ANSWERS, "trace": ANSWERS}}},
            "methods that are never passed on are left out: TRACE /a",
        ),
        ({"webhooks": {"placed\n": {}}}, "webhooks are no operations: placed?"),
        (
            {"paths": {"/a": {"get": {"operationId": "all of it", **ANSWERS}}}},
            "names that fit no scope are changed: 'all of it' as all-of-it",
        ),
        ({"servers": [{"url": "http://api.example"}]}, "problem: upstreams/main/nodes/0/url: it is asked without TLS"),
        ({"servers": [{"url": "https://" + "a" * 2_000}]}, "the design does not fit: "),
    ],
)
def test_what_is_not_used_or_not_right_is_told(more: dict[str, Any], told: str) -> None:
    (sentence,) = draft_of(document(**more)).told

    assert sentence.startswith(told)


def test_many_names_are_told_as_the_first_and_how_many_more() -> None:
    paths = {f"/a{place}": {"get": {"operationId": f"a b{place}", **ANSWERS}} for place in range(25)}

    (sentence,) = draft_of(document(paths=paths)).told

    assert sentence.endswith("'a b19' as a-b19 and 5 more")


def test_document_that_no_service_can_hold_is_refused_with_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "MOST_DESIGN", 100)

    with pytest.raises(BadDocument, match="a service has at most 100; leave"):
        draft_of(document())


def test_document_whose_webhooks_are_no_object_is_refused() -> None:
    with pytest.raises(BadDocument, match="webhooks must be an object"):
        draft_of(document(webhooks=True))
