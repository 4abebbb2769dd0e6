"""Arguments that come piece by piece."""

from typing import Any

import pytest

from tollbridge_gemini.partial import PartialArgs, steps_of


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$.a", ["a"]),
        ("$.a.b[0].c", ["a", "b", 0, "c"]),
        ("$['a b']['it\\'s']", ["a b", "it's"]),
        ('$["x"][12]', ["x", 12]),
        ("$", []),
        ("a", None),
        ("$a", None),
        ("$.a[", None),
        ("$.a[-1]", None),
        ("$" + ".a" * 99, None),
    ],
)
def test_path_is_read(path: str, steps: list[Any] | None) -> None:
    assert steps_of(path) == steps


def test_pieces_go_where_their_paths_lead() -> None:
    args = PartialArgs({"given": 1})

    for piece in (
        {"jsonPath": "$.s", "stringValue": "a", "willContinue": True},
        {"jsonPath": "$.s", "stringValue": "b", "willContinue": True},
        {"jsonPath": "$.s", "stringValue": ""},
        {"jsonPath": "$.s2", "stringValue": "x"},
        {"jsonPath": "$.s2", "stringValue": "y"},
        {"jsonPath": "$.l[0]", "numberValue": 1},
        {"jsonPath": "$.l[1].k", "boolValue": False},
        {"jsonPath": "$.l[1].n", "nullValue": "NULL_VALUE"},
    ):
        args.add([piece])

    assert args.end() == {"given": 1, "s": "ab", "s2": "y", "l": [1, {"k": False, "n": None}]}


def test_piece_that_does_not_fit_is_left_out() -> None:
    args = PartialArgs()

    args.add(
        [
            {"jsonPath": "$.a", "stringValue": "x", "willContinue": True},
            {"jsonPath": "$.a.b", "stringValue": "no"},
            {"jsonPath": "$.l[999999]", "stringValue": "no"},
            {"jsonPath": "$[0]", "stringValue": "no"},
            {"stringValue": "no"},
            "no",
        ]
    )
    args.add("no")

    assert args.end() == {"a": "x", "l": []}
