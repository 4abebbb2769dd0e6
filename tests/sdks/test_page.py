"""The page of what works with what is what the tests saw; `TOLLBRIDGE_SUPPORT=write` writes it anew."""

import os

import pytest
from tests.sdks.conversations import LACKS
from tests.sdks.page import everything, render
from tests.sdks.rows import KINDS
from tests.support.sources import ROOT

WIDEST = 12
"""The most providers that a table has beside each other: a wider one does not fit on a page."""

PAGE = ROOT / "docs" / "support.md"


def test_page_says_what_the_tests_saw(results) -> None:
    missing = everything() - results.keys()
    if missing:
        pytest.skip(f"{len(missing)} of {len(everything())} rows of the matrix did not run")

    printed = render(results)

    if os.environ.get("TOLLBRIDGE_SUPPORT") == "write":
        PAGE.write_text(printed, "utf-8")
    assert PAGE.read_text("utf-8") == printed


def test_page_names_what_fails_and_what_cannot_be(monkeypatch) -> None:
    monkeypatch.setitem(LACKS, ("openai-chat", "openai_chat"), {"image": "it is blind"})
    seen = dict.fromkeys(everything(), True) | {("openai-chat-py", "openai_chat", "stream"): False}

    printed = render(seen)

    row = next(line for line in printed.splitlines() if line.startswith("| openai, Chat |"))
    assert row.split(" | ")[1] == "not image, stream"
    assert "* openai, Chat at OpenAI, Chat Completions, image: it is blind\n" in printed


def test_page_says_what_was_not_recorded_and_what_is_estimated() -> None:
    printed = render(dict.fromkeys(everything(), True))

    assert "| Ollama | `ollama-chat` | invented, in the shape of ollama 0.6, `EmbedResponse` |" in printed
    assert "| boto3 | yes | yes | yes | estimated |" in printed


def test_tables_fit_on_a_page() -> None:
    assert max(len(kind.families) for kind in KINDS) <= WIDEST


def test_no_provider_stands_in_two_tables() -> None:
    names = [family.name for kind in KINDS for family in kind.families]

    assert sorted(names) == sorted(set(names))


def test_rows_name_only_what_there_is() -> None:
    for kind in KINDS:
        families, clients = {family.name for family in kind.families}, {client.name for client in kind.clients}
        names = clients | {client.dialect for client in kind.clients}

        assert {name for reached in kind.reaches.values() for name in reached} <= families
        assert {family.native for family in kind.families if family.cases} <= clients
        assert set(kind.reaches) <= names
        assert {name for name, _ in kind.lacks} <= names
        assert {family for _, family in kind.lacks} <= families
        assert {call for family in kind.families for call in family.cases} <= set(kind.calls)
        assert kind.alone or {call for client in kind.clients for call in client.cannot} <= set(kind.calls)
