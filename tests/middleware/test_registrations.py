"""Who registered what."""

from typing import Any

import pytest

from tollbridge import hookimpl
from tollbridge.errors import PluginError
from tollbridge.plugins import Plugins
from tollbridge.registrations import Registrations, name_of


class Thing:
    name = "thing"


class Nameless:
    name = None


class Many:
    """A plugin that registers in each of the ways."""

    @hookimpl
    def register_policies(self, register: Any) -> None:
        register("curfew", Thing)
        register(name="other", value=Thing)

    @hookimpl
    def register_apps(self, register: Any) -> None:
        register("/x", lambda gateway: None, own_guard="by hand")

    @hookimpl
    def register_metrics(self, register: Any) -> None:
        register(print)


def test_each_plugin_has_what_it_registered_by_kind_and_in_order() -> None:
    plugins = Plugins([Many()], found=())
    registry = plugins.register_all()

    assert plugins.registrations.of("Many") == {
        "policies": ("curfew", "other"),
        "apps": ("/x",),
        "metrics": ("print",),
    }
    assert registry.apps["/x"].own_guard == "by hand"
    assert plugins.registrations.of("nobody") == {}


def test_what_is_refused_is_not_registered() -> None:
    class Twice:
        @hookimpl
        def register_policies(self, register: Any) -> None:
            register("a", Thing)
            register("a", Thing)
            raise AssertionError("the second is refused")

    plugins = Plugins([Twice()], found=())

    with pytest.raises(PluginError, match="registered twice"):
        plugins.register_all()

    assert plugins.registrations.of("Twice") == {"policies": ("a",)}


def test_what_is_asked_for_twice_is_there_once_and_other_arguments_pass() -> None:
    plugins, found = Plugins([Many()], found=()), Registrations()
    plugins.register_all()
    plugins.register_all()

    assert plugins.registrations.of("Many")["policies"] == ("curfew", "other")
    given = {"gateway": object()}
    assert found.noting("Many", "check", given) is given


def test_name_is_that_of_the_thing_or_of_its_type() -> None:
    assert [name_of(each) for each in ("/x", Thing(), Thing, Nameless(), 5)] == [
        "/x",
        "thing",
        "thing",
        "Nameless",
        "int",
    ]
