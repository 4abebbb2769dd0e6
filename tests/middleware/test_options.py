"""From a table to a dataclass."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import ConfigError, PluginError, StoreError
from tollbridge.options import build, is_reference, suggest


@dataclass(frozen=True, slots=True)
class Inner:
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Everything:
    """One option of each type."""

    name: str
    count: int = 0
    seconds: float = 1.0
    on: bool = False
    names: tuple[str, ...] = ()
    listed: list[int] = field(default_factory=list)
    opens: time = time(8)
    inner: Inner = field(default_factory=Inner)
    inners: Mapping[str, Inner] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)
    most: int | None = None
    either: int | str = 0
    mode: Literal["soft", "hard"] = "soft"
    anything: Any = None
    thing: object = None
    bare: dict = field(default_factory=dict)  # type: ignore[type-arg]  # as a plugin's author may write it
    made: str = field(default="", init=False)


@dataclass(frozen=True, slots=True)
class Picky:
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"share {self.share} is not between 0 and 1")


FULL = {
    "name": "x",
    "count": 3,
    "seconds": 2,
    "on": True,
    "names": ["a", "b"],
    "listed": [1, 2],
    "opens": time(9, 30),
    "inner": {"depth": 4},
    "inners": {"a": {"depth": 5}, "b": {}},
    "prices": {"input": "0.15"},
    "most": 7,
    "either": "text",
    "mode": "hard",
    "anything": [1, "a"],
    "thing": {"x": 1},
    "bare": {"y": 2},
}


def test_tomls_own_types_arrive_in_the_fields() -> None:
    made = build(Everything, FULL, "policies.x")

    assert made == Everything(
        name="x",
        count=3,
        seconds=2.0,
        on=True,
        names=("a", "b"),
        listed=[1, 2],
        opens=time(9, 30),
        inner=Inner(4),
        inners={"a": Inner(5), "b": Inner()},
        prices={"input": "0.15"},
        most=7,
        either="text",
        mode="hard",
        anything=[1, "a"],
        thing={"x": 1},
        bare={"y": 2},
    )
    assert isinstance(made.seconds, float)


def test_what_is_left_out_keeps_its_default() -> None:
    assert build(Everything, {"name": "x"}, "policies.x") == Everything("x")


def test_misspelt_option_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r"^policies\.x: unknown option 'secnds'; did you mean 'seconds'\?$"):
        build(Everything, {"name": "x", "secnds": 1}, "policies.x")


def test_unknown_option_like_no_other_is_refused_with_all_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"^inner: unknown option 'zzz'; known: depth$"):
        build(Inner, {"zzz": 1}, "inner")


def test_option_is_named_with_the_table_it_stands_in() -> None:
    with pytest.raises(ConfigError, match=r"^policies\.x\.inners\.a: unknown option 'deep'; did you mean 'depth'\?$"):
        build(Everything, {"name": "x", "inners": {"a": {"deep": 1}}}, "policies.x")


def test_unknown_option_of_the_top_level_is_named_as_such() -> None:
    with pytest.raises(ConfigError, match=r"^top level: unknown option 'nme'; did you mean 'name'\?$"):
        build(Everything, {"nme": 1}, "")


def test_field_that_is_not_an_option_cannot_be_set() -> None:
    with pytest.raises(ConfigError, match="unknown option 'made'"):
        build(Everything, {"name": "x", "made": "y"}, "policies.x")


def test_missing_option_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^policies\.x: the option 'name' is missing$"):
        build(Everything, {}, "policies.x")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("name", 5, "policies.x.name must be a string, not 5"),
        ("count", "5", "policies.x.count must be a whole number"),
        ("count", 5.0, "policies.x.count must be a whole number, not 5.0"),
        ("count", True, "policies.x.count must be a whole number, not True"),
        ("seconds", "1", "policies.x.seconds must be a number"),
        ("seconds", False, "policies.x.seconds must be a number, not False"),
        ("on", 1, "policies.x.on must be true or false, not 1"),
        ("names", "a", "policies.x.names must be a list"),
        ("names", ["a", 2], "policies.x.names[1] must be a string, not 2"),
        ("listed", [1, "2"], "policies.x.listed[1] must be a whole number"),
        ("listed", 3, "policies.x.listed must be a list, not 3"),
        ("opens", "08:00", "policies.x.opens must be a time"),
        ("inner", 5, "policies.x.inner must be a table, not 5"),
        ("inners", "a", "policies.x.inners must be a table"),
        ("inners", {"a": 5}, "policies.x.inners.a must be a table, not 5"),
        ("prices", {"input": 0.15}, "policies.x.prices.input must be a string, not 0.15"),
        ("most", "7", "policies.x.most must be a whole number"),
        ("either", 1.5, "policies.x.either must be a whole number or a string, not 1.5"),
        ("mode", "firm", "policies.x.mode must be 'soft' or 'hard'"),
        ("mode", 5, "policies.x.mode must be 'soft' or 'hard', not 5"),
        ("bare", 1, "policies.x.bare must be a table, not 1"),
    ],
)
def test_wrong_type_is_refused_in_tomls_words(key: str, value: object, said: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(said)}$"):
        build(Everything, {"name": "x", key: value}, "policies.x")


def test_key_pasted_as_the_wrong_type_is_not_shown() -> None:
    for value in ("sk-secret", ["sk-secret"], {"key": "sk-secret"}):
        with pytest.raises(ConfigError) as caught:
            build(Everything, {"name": "x", "count": value}, "providers.x")

        assert "sk-secret" not in str(caught.value)


def test_what_the_dataclass_itself_refuses_is_told_with_its_table() -> None:
    with pytest.raises(ConfigError, match=r"^policies\.picky: share 3\.0 is not between 0 and 1$"):
        build(Picky, {"share": 3}, "policies.picky")


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^policies\.x must be a table$"):
        build(Everything, ["name"], "policies.x")  # type: ignore[arg-type]  # as a careless caller would


def test_option_of_a_type_that_toml_cannot_hold_is_refused() -> None:
    @dataclass(frozen=True)
    class Odd:
        kinds: frozenset[str] = frozenset()

    with pytest.raises(ConfigError, match=r"^policies\.odd\.kinds must be a frozenset$"):
        build(Odd, {"kinds": ["a"]}, "policies.odd")


def test_annotation_that_cannot_be_resolved_is_the_plugins_fault() -> None:
    @dataclass(frozen=True)
    class Odd:
        kind: "Missing" = None  # type: ignore[name-defined]  # noqa: F821  # as under TYPE_CHECKING

    with pytest.raises(
        ConfigError, match=r"^policies\.odd: the types of its options cannot be read: name 'Missing' is not defined$"
    ):
        build(Odd, {"kind": "a"}, "policies.odd")


SCALARS = st.one_of(
    st.text(max_size=5), st.integers(), st.floats(allow_nan=False), st.booleans(), st.times(), st.none()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(FULL)) | st.text(max_size=8), VALUES, max_size=5))
def test_any_table_makes_the_dataclass_or_a_config_error(table: dict[str, object]) -> None:
    found: Everything | ConfigError
    try:
        found = build(Everything, table, "policies.x")
    except ConfigError as exc:
        found = exc

    assert str(found).startswith("policies.x") if isinstance(found, ConfigError) else found.name == table["name"]


@given(st.sampled_from(sorted(FULL)), st.data())
def test_one_wrong_letter_is_answered_with_the_right_word(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("qxz_"))
    wrong = word[:place] + letter + word[place:]

    assert suggest(wrong, FULL).startswith("; did you mean ")


def test_nothing_is_suggested_where_nothing_is_known() -> None:
    assert suggest("x", {}) == ""


def test_what_is_no_dataclass_and_what_fails_oddly_are_the_plugins_fault() -> None:
    @dataclass
    class Breaks:
        word: str

        def __post_init__(self) -> None:
            if self.word == "own":
                raise StoreError("bring a store first")
            raise RuntimeError(f"no {self.word}")

    with pytest.raises(PluginError, match=r"^policies\.x: what the plugin registered is no dataclass: <class 'int'>$"):
        build(int, {}, "policies.x")
    with pytest.raises(PluginError, match=r"^policies\.x: Breaks failed: RuntimeError in test_options\.py, line \d+$"):
        build(Breaks, {"word": "hush"}, "policies.x")
    with pytest.raises(StoreError, match=r"^bring a store first$"):
        build(Breaks, {"word": "own"}, "policies.x")


@pytest.mark.parametrize("text", ["env:NAME", "file:/a b", "stored:a.b", "env:a:b", "env:\n"])
def test_place_of_a_secret_is_told_from_a_secret(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize("text", ["", "env", "env:", ":NAME", "ENV:NAME", " env:NAME", "sk-123", "http:x"])
def test_what_names_no_place_may_be_a_secret_itself(text: str) -> None:
    assert not is_reference(text)
