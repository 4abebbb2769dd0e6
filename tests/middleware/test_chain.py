"""The chain as data: its order, who may stand where, and the folding."""

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from tollbridge.chain import Link, check_order, fold, insert
from tollbridge.errors import PluginError
from tollbridge.layers.layer import Layer


class First(Layer):
    name: ClassVar[str] = "first"


class Second(Layer):
    name: ClassVar[str] = "second"
    needs: ClassVar[tuple[str, ...]] = ("first",)


class Third(Layer):
    name: ClassVar[str] = "third"
    needs: ClassVar[tuple[str, ...]] = ("first", "second")


class Extra(Layer):
    name: ClassVar[str] = "extra"
    after: ClassVar[str] = "first"


class Lost(Layer):
    name: ClassVar[str] = "lost"
    after: ClassVar[str] = "nowhere"


class Titled(Layer):
    name: ClassVar[str] = "titled"

    def __init__(self, app: Any, *, title: str) -> None:
        super().__init__(app)
        self.title = title


LINKS = [Link(First), Link(Second), Link(Third)]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand at the end of the chain."""


def test_link_is_called_like_its_layer_and_ours_by_default() -> None:
    assert Link(First).name == "first"
    assert Link(First).origin == "tollbridge"
    assert Link(Extra, origin="acme 1.0").origin == "acme 1.0"


def test_chain_in_its_order_is_taken() -> None:
    check_order(LINKS)
    check_order([])


def test_layer_before_what_it_needs_is_refused() -> None:
    with pytest.raises(PluginError, match=r"^the layer 'second' needs 'first' before it in the chain$"):
        check_order([Link(Second), Link(First)])


def test_layer_twice_is_refused() -> None:
    with pytest.raises(PluginError, match=r"^the layer 'first' is in the chain twice$"):
        check_order([Link(First), Link(First)])


@given(st.permutations(LINKS))
def test_any_order_is_refused_unless_every_need_is_met(links: list[Link]) -> None:
    names = [link.name for link in links]
    fits = all(names.index(need) < names.index(link.name) for link in links for need in link.layer.needs)

    if fits:
        check_order(links)
    else:
        with pytest.raises(PluginError, match="before it in the chain"):
            check_order(links)


def test_layer_of_a_plugin_stands_right_behind_the_one_it_names() -> None:
    ordered = insert(LINKS, [Link(Extra, origin="acme 1.0")])

    assert [link.name for link in ordered] == ["first", "extra", "second", "third"]
    assert [link.name for link in LINKS] == ["first", "second", "third"]


def test_layer_that_names_none_of_the_chain_is_refused_with_the_chain() -> None:
    with pytest.raises(
        PluginError,
        match=r"^the layer 'lost' wants to stand after 'nowhere', which is not in the chain: first, second, third$",
    ):
        insert(LINKS, [Link(Lost)])


def test_first_link_is_the_outermost_and_options_are_handed_over() -> None:
    folded = fold([Link(First), Link(Titled, {"title": "toll"})], app)

    assert isinstance(folded, First)
    assert isinstance(folded.app, Titled)
    assert folded.app.title == "toll"
    assert folded.app.app is app


def test_no_links_leave_the_app_as_it_is() -> None:
    assert fold([], app) is app
