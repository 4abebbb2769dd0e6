from tests.middleware.services.test_transferring import Keeping

from tollbridge.services.referring import references_of


def test_references_are_those_of_the_kind_where_it_can_read_the_definition() -> None:
    assert references_of(Keeping(), {"text": "stored:a and env:B"}) == {"stored:a"}


def test_all_that_looks_like_a_reference_is_one_where_nobody_can_read_the_definition() -> None:
    definition = {"a": ["x stored:b", "file:/c d"], "e": "prefix:env", "n": {"m": 5, "o": None}}

    assert references_of(None, definition) == {"stored:b", "file:/c"}
    assert references_of(Keeping(), {"text": 5, "key": "env:A"}) == {"env:A"}
