"""What keeps a model route from being published."""

from typing import Any

import pytest
from tests.plugins.routes.model.conftest import define

from tollbridge_routes.model.checking import problems_of


def test_model_alone_is_enough() -> None:
    assert problems_of(define(defaults={"temperature": 0}, fixed={"seed": 1}, most={"output": 9, "thinking": 8})) == []


@pytest.mark.parametrize(
    ("members", "field", "warning"),
    [
        ({"model": " "}, "model", False),
        ({"model": "api/other"}, "model", False),
        ({"system": " \n"}, "system", True),
        ({"defaults": {"seed": 1}, "fixed": {"seed": 1}}, "defaults/seed", True),
        ({"defaults": {"max_output": 9}, "most": {"output": 8}}, "defaults/max_output", False),
        ({"fixed": {"max_output": 9}, "most": {"output": 8}}, "fixed/max_output", False),
        ({"fixed": {"thinking": {"budget": 9}}, "most": {"thinking": 8}}, "fixed/thinking/budget", False),
        ({"most": {"output": 8, "thinking": 8}}, "most/thinking", True),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(members: Any, field: str, warning: bool) -> None:
    assert [(problem.field, problem.warning) for problem in problems_of(define(**members))] == [(field, warning)]
