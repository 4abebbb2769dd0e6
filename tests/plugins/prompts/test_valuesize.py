from decimal import Decimal

from tollbridge_prompts.valuesize import size_of


def test_values_are_measured() -> None:
    assert size_of({"é": ["ab", None, True, 7], "b": {}}) == (7, 0.0, 5, 3)
    assert size_of(Decimal("0.25")).digits == 5 + 4 + 0.25
    assert size_of(10**100).digits > 100
    assert size_of(0.5).digits == 22
