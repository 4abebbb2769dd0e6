import pytest
from sqlalchemy.dialects import postgresql, sqlite

from tollbridge.stores.searching import holds
from tollbridge.stores.tables import token


def said(part, dialect):
    return str(holds(part, token.c.name, token.c.owner).compile(dialect=dialect.dialect()))


def test_case_is_left_to_like_where_that_knows_none():
    assert "lower(token.name) LIKE" in said("Red", postgresql)
    assert "lower(" not in said("Red", sqlite)
    assert holds("Red", token.c.name).compile().params == {"param_1": "red"}


@pytest.mark.parametrize("part", ["100%", "a_b", "a/b", "a\\b"])
@pytest.mark.parametrize("dialect", [sqlite, postgresql])
def test_what_like_takes_for_something_else_is_escaped(part, dialect):
    assert "ESCAPE" in said(part, dialect)
    assert "ESCAPE" not in said("plain", dialect)
