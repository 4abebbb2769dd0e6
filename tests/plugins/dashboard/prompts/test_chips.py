"""Templates cut into text and variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_dashboard.prompts.chips import pieces, variables_in

TEMPLATES = st.text(alphabet="{}ab \\_1\n", max_size=60) | st.text()


@given(TEMPLATES)
def test_pieces_put_together_are_the_template(template: str) -> None:
    assert "".join(piece.text for piece in pieces(template, ["a"])) == template


@given(TEMPLATES)
def test_only_what_is_in_the_list_is_known(template: str) -> None:
    for piece in pieces(template, ["a", "ab"]):
        assert piece.known is (piece.name in ("", "a", "ab"))


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("Say {{ x }} to {{who}}, {{x}}.", ["x", "who"]),
        ("{{{x}}}", ["x"]),
        (r"\{{x}}", []),
        (r"\\{{x}}", ["x"]),
        ('{"a": {"b": 1}} {{7*7}} {{x.y}}', []),
    ],
)
def test_variables_are_those_that_a_prompt_api_would_find(template: str, names: list[str]) -> None:
    assert variables_in(template) == names
