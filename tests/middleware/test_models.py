"""Models as data."""

import datetime
import sys
from pathlib import Path
from typing import Any

import pytest

from tollbridge.errors import ConfigError
from tollbridge.models import Change, Model, Models

MODELS = """
["big"]
input = "0.59"
output = "0.79"
context = 131072
max_output = 8192

["small"]
"""


def test_models_come_from_a_package_with_prices_as_strings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tollbridge_sample_models"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.toml").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)

    models = Models.from_package("tollbridge_sample_models")
    assert "tollbridge_sample_models" not in sys.modules

    assert models.get("big") == Model("big", {"input": "0.59", "output": "0.79"}, 131072, 8192)
    assert models.get("small") == Model("small")
    assert models.get("none") is None
    assert [model.name for model in models] == ["big", "small"]
    sys.modules.pop("tollbridge_sample_models")


def test_price_that_is_no_string_is_refused_with_its_place() -> None:
    with pytest.raises(
        ConfigError,
        match=r'^pkg/models\.toml: big\.output must be a string in USD per million tokens, such as "0\.15"$',
    ):
        Models.from_table({"big": {"input": "0.59", "output": 0.79}}, where="pkg/models.toml")


def test_model_that_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^pkg/models\.toml: context must be a table$"):
        Models.from_table({"context": 5}, where="pkg/models.toml")  # type: ignore[dict-item]  # as a file may hold


@pytest.mark.parametrize("key", ["context", "max_output"])
@pytest.mark.parametrize("value", ["128k", 1.5, True, "131072"])
def test_count_of_tokens_that_is_no_whole_number_is_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"^pkg/models\.toml: big\.{key} must be a whole number of tokens$"):
        Models.from_table({"big": {key: value}}, where="pkg/models.toml")


def test_source_and_day_of_the_file_hold_for_its_models_but_where_one_has_its_own() -> None:
    day, later = datetime.date(2026, 11, 1), datetime.date(2026, 11, 20)

    models = Models.from_table(
        {
            "source": "https://acme.example/prices",
            "checked": day,
            "big": {"input": "2"},
            "small": {"source": "https://acme.example/small", "checked": later},
        },
        where="pkg/models.toml",
    )

    assert [model.name for model in models] == ["big", "small"]
    big, small = models
    assert (big.source, big.checked, big.price) == ("https://acme.example/prices", day, {"input": "2"})
    assert (small.source, small.checked) == ("https://acme.example/small", later)


def test_models_may_be_called_source_and_checked() -> None:
    models = Models.from_table({"source": {"input": "1"}, "checked": {"input": "2"}}, where="pkg/models.toml")

    assert [(model.name, model.price) for model in models] == [("source", {"input": "1"}), ("checked", {"input": "2"})]


def test_model_is_found_by_every_name_it_has_and_listed_once() -> None:
    models = Models.from_table({"big": {"also": ["big-2026-11-01", "biggest"]}}, where="pkg/models.toml")

    assert models.get("big-2026-11-01") is models.get("biggest") is models.get("big")
    assert [model.name for model in models] == ["big"]


@pytest.mark.parametrize("order", [("big", "small"), ("small", "big")])
def test_name_of_a_model_goes_before_the_other_names_of_another(order: tuple[str, str]) -> None:
    rows = {"big": {"also": ["small"]}, "small": {"context": 8}}
    models = Models.from_table({name: rows[name] for name in order}, where="pkg/models.toml")

    assert models.get("small") == Model("small", context=8)


def test_price_may_change_above_so_many_tokens() -> None:
    models = Models.from_table(
        {"big": {"input": "1", "tiers": [{"above": 200_000, "input": "2"}]}}, where="pkg/models.toml"
    )

    assert models.get("big") == Model("big", {"input": "1"}, tiers={200_000: {"input": "2"}})


def test_price_may_change_on_a_day_with_its_tiers() -> None:
    models = Models.from_table(
        {
            "big": {
                "input": "1",
                "left_out": ["storage"],
                "changes": [
                    {"from": datetime.date(2026, 12, 1), "input": "2", "tiers": [{"above": 9, "input": "3"}]},
                    {"from": datetime.date(2027, 1, 1), "input": "4"},
                ],
            }
        },
        where="pkg/models.toml",
    )

    assert models.get("big") == Model(
        "big",
        {"input": "1"},
        changes=(
            Change(datetime.date(2026, 12, 1), {"input": "2"}, {9: {"input": "3"}}),
            Change(datetime.date(2027, 1, 1), {"input": "4"}),
        ),
        left_out=("storage",),
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"also": "x"}, "big.also must be a list of names"),
        ({"also": [1]}, "big.also must be a list of names"),
        ({"source": 1}, "big.source must be the URL of the page that says it"),
        ({"checked": "2026-11-01"}, "big.checked must be a date such as 2026-11-27"),
        ({"checked": datetime.datetime(2026, 11, 1, 12, 0, tzinfo=datetime.UTC)}, "big.checked must be a date"),
        ({"tiers": {"above": 1}}, "big.tiers must be a list of tables"),
        ({"tiers": ["x"]}, "big.tiers must be a list of tables"),
        ({"tiers": [{"input": "1"}]}, "big.tiers must be a list of tables"),
        ({"tiers": [{"above": 0}]}, "big.tiers must be a list of tables"),
        ({"tiers": [{"above": True}]}, "big.tiers must be a list of tables"),
        ({"tiers": [{"above": 1, "input": 2}]}, "big.input must be a string in USD per million tokens"),
        ({"changes": {}}, "big.changes must be a list of tables"),
        ({"changes": ["x"]}, "big.changes must be a list of tables"),
        ({"changes": [{"from": "2026-12-01"}]}, "big.changes must be a list of tables"),
        ({"changes": [{"from": datetime.date(2026, 12, 1), "tiers": {}}]}, "big.tiers must be a list of tables"),
        ({"changes": [{"from": datetime.date(2026, 12, 1), "input": 1}]}, "big.input must be a string"),
        ({"left_out": [1]}, "big.left_out must be a list of words"),
        ({"context": {}}, "big.context must be a whole number of tokens"),
    ],
)
def test_what_a_table_may_not_say_is_refused_with_its_place(row: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^pkg/models.toml: {message}"):
        Models.from_table({"big": row}, where="pkg/models.toml")
