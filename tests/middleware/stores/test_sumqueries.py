"""The places that values have in a question for sums, as drivers number them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.stores.sumqueries import Which

SQL = "team IN :of_team AND model IN :of_model OR team IN :of_team"


@pytest.mark.parametrize(("sign", "said"), [("?", "?1, ?2"), ("$", "$1, $2")])
def test_value_has_one_place_however_often_it_is_asked_for(sign: str, said: str) -> None:
    found = Which({"model": ["m"], "team": ["red", "blue"]}).placed(SQL, sign)

    assert found == (f"team IN ({said}) AND model IN ({sign}3) OR team IN ({said})", ("red", "blue", "m"))


def test_what_is_not_asked_for_has_no_place_and_one_of_no_values_is_nobodys() -> None:
    assert Which({"model": [], "team": ["red"]}).placed("model IN :of_model", "$") == ("model IN (NULL)", ())
    assert Which({}).placed("SELECT 1", "?") == ("SELECT 1", ())


@given(st.lists(st.text(), max_size=5))
def test_value_is_never_part_of_the_question(values: list[str]) -> None:
    said, given = Which({"model": values}).placed("model IN :of_model", "$")

    assert len(given) == len(values)
    assert said == f"model IN ({', '.join(f'${number}' for number in range(1, len(values) + 1)) or 'NULL'})"
