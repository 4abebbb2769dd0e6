"""What the configuration asks of plugins."""

from dataclasses import dataclass
from typing import Any

import pytest

from tollbridge.config import load_config
from tollbridge.configured import sources_of
from tollbridge.errors import ConfigError, PluginError
from tollbridge.registry import Registry


@dataclass(frozen=True)
class Badge:
    """A source with an option."""

    desk: str = "north"
    headers: tuple[bytes, ...] = (b"x-badge",)

    async def identify(self, call: Any) -> None:
        """Nobody."""


class Door(Badge):
    """Another one."""


@dataclass(frozen=True)
class Silent:
    """One that does not say what it reads."""


def sources(**identity: Any) -> Any:
    registry = Registry(identity_sources={"door": Door, "badge": Badge, "silent": Silent})  # type: ignore[dict-item]
    return sources_of(load_config({"identity": identity}, {}), registry)


def test_sources_are_made_where_they_are_configured_in_the_order_of_registration() -> None:
    assert sources() == ()
    assert sources(badge={"desk": "south"}) == (("badge", Badge("south")),)
    assert [name for name, _ in sources(badge={}, door={})] == ["door", "badge"]


@pytest.mark.parametrize(
    ("identity", "sentence"),
    [
        ({"bagde": {}}, r"^identity\.bagde: no installed plugin offers it; did you mean 'badge'\?$"),
        ({"badge": {"dsek": "x"}}, r"^identity\.badge: unknown option 'dsek'; did you mean 'desk'\?$"),
        ({"badge": {"desk": 5}}, r"^identity\.badge\.desk must be a string, not 5$"),
        ({"badge": 5}, r"^identity\.badge must be a table$"),
    ],
)
def test_section_that_cannot_be_used_is_refused_by_name(identity: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        sources(**identity)


def test_source_that_does_not_fit_stops_the_start() -> None:
    with pytest.raises(PluginError, match=r"^the identity source 'silent' must name the headers it reads"):
        sources(silent={})
