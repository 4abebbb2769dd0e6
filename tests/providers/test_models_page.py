"""docs/models.md says what the packages' tables say, and no two tables say different things of one model."""

from collections import defaultdict
from datetime import date
from pathlib import Path

from tests.support.modelpage import main, page
from tests.support.priced import installed

from tollbridge.metering.prices import Price
from tollbridge.models import Models
from tollbridge.providers import Provider

PAGE = Path(__file__).parents[2] / "docs" / "models.md"


def test_page_is_equal_to_the_data() -> None:
    # When this fails: python -m tests.support.modelpage docs/models.md
    assert PAGE.read_text("utf-8") == page(installed())


def test_page_has_a_line_for_each_model() -> None:
    text = PAGE.read_text("utf-8")

    assert all(f"\n| `{model.name}`" in text for provider in installed().values() for model in provider.models)


def test_program_writes_the_whole_page(tmp_path: Path) -> None:
    main(tmp_path / "models.md")

    assert (tmp_path / "models.md").read_text("utf-8") == page(installed())


def test_line_tells_what_a_table_says_and_providers_that_share_it_have_one_section() -> None:
    table = {
        "source": "https://www.acme.example/prices",
        "large": {
            "also": ["large-2026"],
            "context": 1_000_000,
            "max_output": 64_000,
            "input": "0.5",
            "output": "2",
            "server_tool_call": "0.01",
            "tiers": [{"above": 200_000, "output": "3"}],
        },
        "unsold": {"source": ""},
    }
    models = Models.from_table(table, where="models.toml")
    sharing = {name: Provider(name, models=models) for name in ("acme", "acme-eu", "bare")}

    lines = page({**sharing, "bare": Provider("bare")}).splitlines()

    assert lines[-6:] == [
        "## `acme`, `acme-eu`",
        "",
        "| model | context | most output | USD per million tokens | read |",
        "| --- | ---: | ---: | --- | --- |",
        "| `large` or `large-2026` | 1,000,000 | 64,000 | 0.5 in, 2 out; 0.5 in, 3 out above 200000; "
        "0.01 a server-tool call | [acme.example](https://www.acme.example/prices) |",
        "| `unsold` |  |  |  |  |",
    ]


def test_line_tells_what_changes_on_a_day_and_what_is_charged_for_besides() -> None:
    change = {"from": date(2026, 12, 1), "input": "1", "tiers": [{"above": 200_000, "input": "2"}]}
    table = {"large": {"input": "0.5", "output": "2", "changes": [change], "left_out": ["storage", "film"]}}

    lines = page({"acme": Provider("acme", models=Models.from_table(table, where="models.toml"))}).splitlines()

    told = "0.5 in, 2 out; from 2026-12-01: 1 in, 2 out; 2 in, 2 out above 200000; besides: storage, film"
    assert lines[-1] == f"| `large` |  |  | {told} |  |"


def test_providers_with_one_price_id_ask_one_price_for_one_name() -> None:
    said: dict[tuple[str, str], dict[str, object]] = defaultdict(dict)
    for provider in installed().values():
        for model in provider.models:
            for name in (model.name, *model.also) if model.price else ():
                price = Price.from_table(model.price, id="", tiers=model.tiers)
                said[provider.price_id, name][provider.name] = price

    different = {key: found for key, found in said.items() if len(set(map(str, found.values()))) > 1}

    assert not different
