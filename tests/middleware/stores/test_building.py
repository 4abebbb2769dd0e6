"""What a store is made of has one place."""

from tollbridge.stores import building


def test_every_name_is_there_and_listed_once_and_none_is_private():
    assert len(set(building.__all__)) == len(building.__all__)
    assert [name for name in building.__all__ if name.startswith("_") or not hasattr(building, name)] == []
    assert all(getattr(building, name) is not None for name in building.__all__)
