"""What plugins offered, each name once."""

import pytest

from tollbridge.errors import PluginError
from tollbridge.registry import Registry, put


def test_entry_is_kept_under_its_name() -> None:
    table: dict[str, int] = {}

    put(table, "policy", "curfew", 1)

    assert table == {"curfew": 1}


def test_name_offered_twice_is_refused_and_the_first_one_stays() -> None:
    table = {"curfew": 1}

    with pytest.raises(PluginError, match=r"^the policy 'curfew' is registered twice; disable one of the plugins with"):
        put(table, "policy", "curfew", 2)

    assert table == {"curfew": 1}


@pytest.mark.parametrize("name", ["", None, 5])
def test_entry_without_a_name_is_refused(name: object) -> None:
    with pytest.raises(PluginError, match=f"^a policy needs a name, not {name!r}$"):
        put({}, "policy", name, 1)  # type: ignore[arg-type]  # as a careless plugin would


def test_registries_share_nothing() -> None:
    one, other = Registry(), Registry()
    one.policies["x"] = int
    one.observers.append(print)

    assert other.policies == {}
    assert other.observers == []
