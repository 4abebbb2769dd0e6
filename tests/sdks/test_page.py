"""The page of what works with what is what the tests saw; `TOLLBRIDGE_SUPPORT=write` writes it anew.

It is written by the process that has run all of this folder: `TOLLBRIDGE_SUPPORT=write ./run test tests/sdks`.
"""

import os
from importlib import import_module

from tests.sdks.page import everything, render
from tests.sdks.rows import KINDS
from tests.sdks.seen import TRIED
from tests.support.sources import ROOT

WIDEST = 12
"""The most providers that a table has beside each other: a wider one does not fit on a page."""

PAGE = ROOT / "docs" / "support.md"


def test_page_says_what_the_tests_saw(results) -> None:
    if os.environ.get("TOLLBRIDGE_SUPPORT") == "write":
        missing = everything() - results.keys()
        assert not missing, (
            f"{len(missing)} rows did not run in the process that writes the page: run all of tests/sdks"
        )
        PAGE.write_text(render(results), "utf-8")

    # Rows that did not run here are as they should be, or fail where they run.
    assert PAGE.read_text("utf-8") == render(dict.fromkeys(everything(), True) | results)


def test_every_row_of_the_page_is_tried_by_a_test() -> None:
    for name in ("counting", "listing", "matrix"):
        import_module(f"tests.sdks.test_{name}")

    assert everything() == TRIED


def test_page_names_what_fails_and_what_fails_without_the_gateway() -> None:
    pair = ("openai-chat-py", "openai_chat")
    seen = dict.fromkeys(everything(), True) | {(*pair, "stream"): False, (*pair, "image"): False}

    printed = render(seen)

    row = next(line for line in printed.splitlines() if line.startswith("| openai, Chat |"))
    assert row.split(" | ")[1] == "not stream, image"
    assert "* openai (JS), Chat at Cloudflare, stream: the SDK wants a role in what comes first" in printed


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
        assert {name for name, _ in kind.mends} <= names
        assert {family for _, family in kind.mends} <= families
        assert {call for family in kind.families for call in family.cases} <= set(kind.calls)
        assert kind.alone or {call for client in kind.clients for call in client.cannot} <= set(kind.calls)
