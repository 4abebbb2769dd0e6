"""What an identity source must be."""

from typing import Any

import pytest

from tollbridge.errors import PluginError
from tollbridge.identity import check_source


class Source:
    headers: Any = (b"x-badge",)

    async def identify(self, call: object) -> None:
        """Nobody."""


class Nameless(Source):
    headers = None


class Text(Source):
    headers = ("x-badge",)


class Loud(Source):
    headers = (b"X-Badge",)


class Empty(Source):
    headers = (b"",)


class AtOnce(Source):
    def identify(self, call: object) -> None:  # type: ignore[override]  # as a careless plugin would
        """Nobody."""


class Mute:
    headers = ()


@pytest.mark.parametrize("source", [Nameless(), Text(), Loud(), Empty()])
def test_source_names_the_headers_it_reads(source: object) -> None:
    check_source("badge", Source())

    with pytest.raises(PluginError, match=r"^the identity source 'badge' must name the headers"):
        check_source("badge", source)


@pytest.mark.parametrize("source", [AtOnce(), Mute()])
def test_source_identifies_without_blocking(source: object) -> None:
    with pytest.raises(PluginError, match=r"^the identity source 'badge' must have: async def identify\(self, call\)$"):
        check_source("badge", source)


class Slow(Source):
    async def shows(self, call: object) -> bool:
        return True


class Fixed(Source):
    shows = True


class Showing(Source):
    def shows(self, call: object) -> bool:
        return True


@pytest.mark.parametrize("source", [Slow(), Fixed()])
def test_source_says_without_waiting_whether_it_is_shown_something(source: object) -> None:
    check_source("badge", Showing())

    with pytest.raises(PluginError, match=r"^the identity source 'badge': shows must be a plain function"):
        check_source("badge", source)
