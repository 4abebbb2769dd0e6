"""How it is said of a service that it is to end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tollbridge.services.ending import ending_of, with_ending
from tollbridge.services.model import Service

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "info": {"title": "Weather", "description": "What the sky does."},
    "paths": {"/today": {"get": {"summary": "Now"}, "parameters": [{"name": "x"}]}, "/bare": {}},
}


def service(**more: Any) -> Service:
    made = {"created_at": NOW, "changed_at": NOW, "live": "rel_1", **more}
    return Service(id="svc_1", slug="weather", kind="rest", team="", name="Weather", revision=1, **made)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, ""),
        ({"deprecated_at": NOW}, "It is deprecated since 2026-01-05."),
        (
            {"deprecated_at": NOW, "sunset_at": datetime(2026, 4, 5, tzinfo=UTC), "successor": "climate"},
            "It is deprecated since 2026-01-05, and ends on 2026-04-05; use climate instead.",
        ),
    ],
)
def test_end_is_said_in_a_sentence(more: dict[str, Any], said: str) -> None:
    assert ending_of(service(**more)) == said


def test_successor_that_is_not_the_readers_to_see_is_not_said() -> None:
    assert ending_of(service(deprecated_at=NOW, successor="hidden"), "") == "It is deprecated since 2026-01-05."


def test_document_of_a_deprecated_service_marks_every_operation() -> None:
    marked = with_ending(DOCUMENT, service(deprecated_at=NOW))

    assert marked["info"]["description"] == "What the sky does.\n\nIt is deprecated since 2026-01-05."
    assert marked["paths"]["/today"]["get"] == {"summary": "Now", "deprecated": True}
    assert marked["paths"]["/today"]["parameters"] == [{"name": "x"}]
    assert "deprecated" not in str(DOCUMENT)


def test_document_of_another_service_stays_as_it_is() -> None:
    assert with_ending(DOCUMENT, service()) == DOCUMENT
    assert with_ending({}, service(deprecated_at=NOW))["paths"] == {}
