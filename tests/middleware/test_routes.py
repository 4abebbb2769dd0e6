"""From a model's name to the targets behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from tollbridge.auth import SCHEMES, Bearer, Header, NoAuth
from tollbridge.config import load_config
from tollbridge.errors import ConfigError, PluginError
from tollbridge.formats import ModelEntry
from tollbridge.models import Model, Models
from tollbridge.plugins import Plugins
from tollbridge.providers import Provider, Quirks
from tollbridge.routes import ModelRoutes

DIALECTS = Plugins().register_all().dialects
KNOWN = {
    provider.name: provider
    for provider in (
        Provider(
            "acme",
            base_urls={"openai-chat": "https://acme.example/v1", "anthropic-messages": "https://acme.example/a"},
            auth=Bearer(("ACME_KEY", "ACME_OLD_KEY")),
            models=Models({"large": Model("large", context=1000, max_output=4096), "small": Model("small")}),
            quirks=Quirks(headers={"X-Version": "2"}, stream_usage="never", rename={"a": "b"}),
            price_id="acme-inc",
        ),
        Provider("cloud", base_url="https://{CLOUD_HOST}.cloud.example/v1", auth=Header("api-key", ("CLOUD_KEY",))),
        Provider("anywhere", base_url="{ANYWHERE_URL}/v1", auth=Bearer("ANYWHERE_KEY")),
        Provider("open", base_url="https://open.example/v1", auth=NoAuth()),
        Provider("here", base_url="http://127.0.0.1:1/v1", auth=NoAuth(), allow_private=True),
        Provider("here-with-key", base_url="http://127.0.0.1:2/v1", auth=Bearer("HERE_KEY"), allow_private=True),
    )
}


def routes(config: Mapping[str, object] | None = None, known: Any = KNOWN, **env: str) -> ModelRoutes:
    keys = {**env, "MINE": "mine", "K": "k"}

    def read_key(reference: str, where: str) -> str:
        return keys[reference.removeprefix("env:")]

    schemes: Any = {**SCHEMES, "odd": Odd, "unfinished": Unfinished}
    return ModelRoutes(load_config(config or {}, {}), known, DIALECTS, env=env, read_key=read_key, schemes=schemes)


def test_known_provider_is_offered_by_its_key_alone() -> None:
    found = routes(ACME_OLD_KEY="old")

    (target,) = found.resolve("acme/large")

    assert (target.provider.name, target.model) == ("acme", "large")
    assert target.headers == ((b"x-version", b"2"), (b"authorization", b"Bearer old"))
    assert target.base_urls["anthropic-messages"] == "https://acme.example/a"
    assert found.hosts.keys() == {"acme"}
    assert [(e.id, e.owned_by, e.context) for e in found.entries()] == [
        ("acme/large", "acme", 1000),
        ("acme/small", "acme", None),
    ]


def test_first_variable_that_is_set_holds_the_key() -> None:
    (target,) = routes(ACME_KEY="new", ACME_OLD_KEY="old").resolve("acme/any/model")

    assert (b"authorization", b"Bearer new") in target.headers
    assert target.model == "any/model"


@pytest.mark.parametrize("env", [{}, {"ACME_KEY": ""}, {"ACME_KEY": " \n"}, {"CLOUD_KEY": "k"}, {"HERE_KEY": "k"}])
def test_provider_without_key_or_address_and_one_on_this_machine_are_not_offered_by_themselves(env) -> None:
    assert routes(**env).hosts == {}


@pytest.mark.parametrize("model", ["acme", "acme/", "/large", "nobody/large", "", "ACME/large"])
def test_name_that_is_no_model_resolves_to_nothing(model) -> None:
    assert routes(ACME_KEY="k").resolve(model) == ()


def test_configured_name_goes_before_and_lists_its_targets_in_order() -> None:
    models = {"acme/large": {"targets": ["cloud/x", "acme/small"], "context": 7}}
    found = routes({"models": models}, ACME_KEY="k", CLOUD_KEY="k", CLOUD_HOST="eu-1")

    assert [(t.provider.name, t.model) for t in found.resolve("acme/large")] == [("cloud", "x"), ("acme", "small")]
    assert next((e.id, e.owned_by, e.context) for e in found.entries()) == ("acme/large", "cloud", 7)


def test_variables_of_a_url_are_filled_from_the_environment() -> None:
    found = routes(CLOUD_KEY="k", CLOUD_HOST="eu-1", ANYWHERE_KEY="k", ANYWHERE_URL="https://mine.example/base/")

    assert found.hosts["cloud"].base_urls == {"openai-chat": "https://eu-1.cloud.example/v1"}
    assert found.hosts["anywhere"].base_urls == {"openai-chat": "https://mine.example/base/v1"}


@pytest.mark.parametrize("value", ["evil.example/", "a@b", "a/b", "a:1", "a?b", "-a", "é"])
def test_variable_that_would_change_the_host_is_refused(value) -> None:
    with pytest.raises(ConfigError, match="CLOUD_HOST holds what is no part of a host name"):
        routes(CLOUD_KEY="k", CLOUD_HOST=f"{value}x" if value.endswith("/") else value)


@pytest.mark.parametrize("value", ["mine.example", "ftp://mine.example", "file:///etc"])
def test_variable_that_is_the_whole_address_must_be_http(value) -> None:
    with pytest.raises(ConfigError, match="ANYWHERE_URL must hold a URL that starts with http:// or https://"):
        routes(ANYWHERE_KEY="k", ANYWHERE_URL=value)


def test_section_for_a_provider_with_a_variable_address_changes_only_what_it_says() -> None:
    found = routes({"providers": {"anywhere": {"api_key": "env:K"}}}, ANYWHERE_URL="http://inside.example:80")

    assert found.hosts["anywhere"].base_urls == {"openai-chat": "http://inside.example:80/v1"}
    assert not found.hosts["anywhere"].allow_private


def test_new_provider_speaks_chat_completions_with_a_bearer_key_unless_it_says_otherwise() -> None:
    section = {"base_url": "https://mine.example/v1/", "api_key": "env:MINE", "headers": {"X-Team": "a"}}

    host = routes({"providers": {"mine": section}}).hosts["mine"]

    assert host.base_urls == {"openai-chat": "https://mine.example/v1"}
    assert host.headers == ((b"x-team", b"a"), (b"authorization", b"Bearer mine"))
    assert (host.provider.quirks.stream_usage, host.provider.price_id) == ("option", "mine")
    assert "Bearer mine" not in repr(host)


def test_new_provider_without_a_key_is_called_without_one() -> None:
    host = routes({"providers": {"mine": {"base_url": "http://127.0.0.1:9/v1", "allow_private": True}}}).hosts["mine"]

    assert (host.headers, host.allow_private) == ((), True)
    assert host.target("m").allow_private


@pytest.mark.parametrize(
    ("header", "shown"),
    [("x-api-key", (b"x-api-key", b"k")), ("Authorization", (b"authorization", b"Bearer k"))],
)
def test_header_of_the_key_can_be_chosen(header, shown) -> None:
    section = {"base_url": "https://m.example", "api_key": "env:K", "auth_header": header}

    assert routes({"providers": {"mine": section}}).hosts["mine"].headers == (shown,)


def test_provider_of_anthropics_dialect_always_reports_usage() -> None:
    section = {"base_url": "https://m.example", "dialect": "anthropic-messages"}

    host = routes({"providers": {"mine": section}}).hosts["mine"]

    assert (host.provider.quirks.stream_usage, *host.base_urls) == ("always", "anthropic-messages")


def test_section_changes_a_known_provider_and_keeps_the_rest() -> None:
    sections = {"acme": {"base_url": "https://proxy.example", "api_key": "env:K", "headers": {"a": "1"}}}

    host = routes({"providers": sections}).hosts["acme"]

    assert host.base_urls == {"openai-chat": "https://proxy.example"}
    assert host.headers == ((b"x-version", b"2"), (b"a", b"1"), (b"authorization", b"Bearer k"))
    assert host.provider.quirks.rename == {"a": "b"}
    assert (host.provider.quirks.stream_usage, host.provider.price_id) == ("never", "acme-inc")
    assert host.provider.models.get("large") is not None


def test_host_writes_amiss_what_its_section_or_its_package_says() -> None:
    section = {"rewritten": ["openai-responses"]}
    known = {"frank": Provider("frank", base_url="https://f.example", quirks=Quirks(rewritten=("openai-chat",)))}

    (host,) = routes({"providers": {"frank": section}}, known).hosts.values()

    assert host.provider.quirks.rewritten == ("openai-chat", "openai-responses")
    with pytest.raises(ConfigError, match=r"frank: rewritten names an unknown dialect 'openai-chatt'; .*'openai-chat'"):
        routes({"providers": {"frank": {"rewritten": ["openai-chatt"]}}}, known)


def test_host_only_counts_where_its_section_or_its_package_says_so_and_it_can_be_called_elsewhere() -> None:
    urls = {"openai-chat": "https://f.example", "anthropic-messages": "https://f.example"}
    known = {"frank": Provider("frank", base_urls=urls, quirks=Quirks(only_counts=("anthropic-messages",)))}

    def only_counts(**section: object) -> tuple[str, ...]:
        (host,) = routes({"providers": {"frank": section}}, known).hosts.values()
        return host.provider.quirks.only_counts

    assert only_counts() == ("anthropic-messages",)
    assert only_counts(only_counts=["openai-completions"]) == ("anthropic-messages", "openai-completions")
    assert only_counts(base_url="https://g.example", dialect="anthropic-messages") == ()
    with pytest.raises(ConfigError, match=r"frank: only_counts names an unknown dialect 'openai-chatt'"):
        only_counts(only_counts=["openai-chatt"])


def test_host_takes_free_text_where_its_section_or_its_package_says_so() -> None:
    section = {"base_url": "https://m.example"}
    known = {"frank": Provider("frank", base_url="https://f.example", quirks=Quirks(free_text=True))}

    hosts = routes({"providers": {"plain": section, "free": {**section, "free_text": True}, "frank": {}}}, known).hosts

    assert {name: host.provider.quirks.free_text for name, host in hosts.items()} == {
        "plain": False,
        "free": True,
        "frank": True,
    }


def test_section_with_several_addresses_names_the_dialect_of_each() -> None:
    urls = {"openai-chat": "https://a.example", "anthropic-messages": "https://b.example"}

    assert routes({"providers": {"mine": {"base_urls": urls}}}).hosts["mine"].base_urls == urls


def test_section_takes_the_key_of_a_known_provider_from_its_variable() -> None:
    host = routes({"providers": {"acme": {"stream_usage": "always"}}}, ACME_KEY="k").hosts["acme"]

    assert (b"authorization", b"Bearer k") in host.headers
    assert host.provider.quirks.stream_usage == "always"


def test_empty_section_switches_on_a_provider_on_this_machine_with_or_without_its_key() -> None:
    sections = {"providers": {"here": {}, "here-with-key": {}}}

    assert [host.headers for host in routes(sections).hosts.values()] == [(), ()]
    assert routes(sections, HERE_KEY="k").hosts["here-with-key"].headers == ((b"authorization", b"Bearer k"),)
    assert all(host.allow_private for host in routes(sections).hosts.values())


def test_provider_of_this_machine_that_is_moved_elsewhere_loses_its_leave_to_be_private() -> None:
    sections = {"providers": {"here": {"base_url": "http://inside.example:8000/v1"}}}

    assert not routes(sections).hosts["here"].allow_private


def test_section_that_lets_a_server_be_private_needs_no_key() -> None:
    section = {"base_url": "http://10.0.0.7:8000/v1", "allow_private": True}

    host = routes({"providers": {"here-with-key": section}}).hosts["here-with-key"]

    assert (host.headers, host.allow_private) == ((), True)


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ({"mine": {"base_url": "http://127.0.0.1:9/v1"}}, "http://127.0.0.1:9/v1"),
        ({"mine": {"base_url": "https://localhost/v1"}}, "https://localhost/v1"),
        ({"mine": {"base_url": "https://a.LOCALHOST.:1/v1"}}, "https://a.LOCALHOST.:1/v1"),
        ({"mine": {"base_url": "https://[fd00::1]/v1"}}, "https://[fd00::1]/v1"),
        (
            {"mine": {"base_urls": {"openai-chat": "https://a.example", "anthropic-messages": "http://10.0.0.7"}}},
            "http://10.0.0.7",
        ),
        ({"anywhere": {"api_key": "env:K"}}, "http://192.168.0.1/v1"),
    ],
)
def test_private_address_without_leave_is_refused_with_the_remedy(section, url) -> None:
    (name,) = section

    with pytest.raises(ConfigError) as refused:
        routes({"providers": section}, ANYWHERE_URL="http://192.168.0.1")

    assert str(refused.value) == (
        f"providers.{name}: the URL {url!r} leads to this machine or a private network; if that is meant, set "
        f"providers.{name}.allow_private = true"
    )


def test_url_that_may_not_be_dialled_is_refused_without_its_user_information() -> None:
    with pytest.raises(
        ConfigError, match=r"^providers\.mine: the URL cannot be used: it holds user information"
    ) as refused:
        routes({"providers": {"mine": {"base_url": "https://user:secret@mine.example/v1"}}})

    assert "secret" not in str(refused.value)


def test_known_provider_nobody_configured_is_left_to_the_dialling_where_its_variable_is_private() -> None:
    host = routes(ANYWHERE_KEY="k", ANYWHERE_URL="http://192.168.0.1").hosts["anywhere"]

    assert host.refused_url() == "http://192.168.0.1/v1"


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({}, "providers.mine: base_url is missing"),
        (
            {"base_url": "https://m.example", "dialect": "openai-chit"},
            "providers.mine: unknown dialect 'openai-chit'; did you mean 'openai-chat'?",
        ),
        ({"base_urls": {"nonsense": "https://m.example"}}, "providers.mine: unknown dialect 'nonsense'; known: "),
        ({"base_url": "m.example/v1"}, "the URL 'm.example/v1' must start with http:// or https://"),
        ({"base_url": "https://{MINE_HOST}.example"}, "needs the environment variable MINE_HOST, which is not set"),
        ({"base_url": "https://m.example", "headers": {"é": "1"}}, "providers.mine.headers: 'é' cannot be sent"),
        ({"base_url": "https://m.example", "headers": {"a": "1\r\nb: 2"}}, "mine.headers: 'a' cannot be sent"),
        ({"base_url": "https://m.example", "headers": {"a": "✓"}}, "providers.mine.headers: 'a' cannot be sent"),
        ({"base_url": "https://m.example", "api_key": "env:K", "auth_header": "a b"}, "'a b' cannot be sent"),
    ],
)
def test_section_that_cannot_be_used_is_refused_by_name(section, sentence) -> None:
    with pytest.raises(ConfigError) as refused:
        routes({"providers": {"mine": section}})

    assert sentence in str(refused.value)


def test_known_provider_with_a_section_and_no_key_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"set the environment variable ACME_KEY, or providers\.acme\.api_key"):
        routes({"providers": {"acme": {"headers": {}}}})


@pytest.mark.parametrize(
    ("target", "env", "sentence"),
    [
        ("acmee/large", {}, "names no known provider; did you mean 'acme'?"),
        ("xyz/large", {}, "names no known provider"),
        ("acme/large", {}, "needs the environment variable ACME_KEY, which is not set"),
        ("cloud/x", {"CLOUD_KEY": "k"}, "needs the environment variable CLOUD_HOST, which is not set"),
        ("here/x", {}, r"needs a section \[providers.here\]"),
        ("here-with-key/x", {"HERE_KEY": "k"}, r"needs a section \[providers.here-with-key\]"),
        ("open/x", {}, r"needs a section \[providers.open\]"),
    ],
)
def test_model_whose_target_cannot_be_reached_is_refused_with_the_way_out(target, env, sentence) -> None:
    with pytest.raises(ConfigError, match=f"models.fast: the target '{target}' {sentence}"):
        routes({"models": {"fast": {"targets": [target]}}}, **env)


def test_suggestion_among_hundreds_of_providers_stays_short() -> None:
    many = {f"p{n}": Provider(f"p{n}", base_url="https://h/v1") for n in range(200)}

    with pytest.raises(ConfigError) as refused:
        routes({"models": {"m": {"targets": ["quite-unknown/x"]}}}, many)

    assert str(refused.value).endswith("names no known provider; 200 are known; listed by: tollbridge models --all")


def test_provider_that_a_plugin_runs_is_moved_to_where_it_listens() -> None:
    sections = {"here": {}, "other": {"base_url": "https://other.example/v1"}}
    models = {"fast": {"targets": ["other/m", "here/m"]}}
    found = routes({"providers": sections, "models": models})

    found.move("here", {"openai-chat": "http://127.0.0.1:4711/v1"}, key="made-up")

    other, here = found.resolve("fast")
    assert here == found.resolve("here/m")[0]
    assert (here.base_urls, here.allow_private) == ({"openai-chat": "http://127.0.0.1:4711/v1"}, True)
    assert other.base_urls == {"openai-chat": "https://other.example/v1"}


def test_output_limit_of_a_model_is_the_configurations_beside_the_providers() -> None:
    models = {"mine": {"targets": ["acme/large"], "max_output": 100}, "theirs": {"targets": ["acme/large"]}}
    found = routes({"models": models}, ACME_KEY="k")

    targets = [found.resolve(name)[0] for name in ("mine", "theirs", "acme/large", "acme/other")]
    assert [(target.max_output, target.limit) for target in targets] == [
        (100, 4096),
        (None, 4096),
        (None, 4096),
        (None, None),
    ]


def test_limits_of_a_model_are_the_least_of_its_targets() -> None:
    models = {
        "mine": {"targets": ["acme/large"], "max_output": 100, "context": 50},
        "theirs": {"targets": ["acme/other", "acme/large"]},
    }
    found = routes({"models": models}, ACME_KEY="k")

    listed = {entry.id: (entry.context, entry.max_output) for entry in found.entries()}

    assert listed == {
        "mine": (50, 100),
        "theirs": (1000, 4096),
        "acme/large": (1000, 4096),
        "acme/small": (None, None),
    }
    assert found.entry("acme/other") == ModelEntry("acme/other", "acme")
    assert found.entry("nobody/other") is None


@dataclass(frozen=True)
class Odd:
    """A scheme with an option, for whoever has no key of the usual kind."""

    needs_key: ClassVar[bool] = False

    word: str
    env: tuple[str, ...] = ()

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return [(b"x-word", f"{self.word} {key}".encode())]


def test_scheme_of_the_configuration_shows_the_key() -> None:
    mine = {"base_url": "https://m.example", "api_key": "env:K"}
    sections = {
        "bearer": {**mine, "auth": "bearer"},
        "header": {**mine, "auth": "header", "auth_options": {"name": "X-Key", "template": "Token {key}"}},
        "none": {**mine, "auth": "none"},
        "odd": {**mine, "auth": "odd", "auth_options": {"word": "open"}},
        "keyless": {"base_url": "https://m.example", "auth": "odd", "auth_options": {"word": "open"}},
    }

    found = routes({"providers": sections}).hosts

    assert {name: host.headers for name, host in found.items()} == {
        "bearer": ((b"authorization", b"Bearer k"),),
        "header": ((b"x-key", b"Token k"),),
        "none": (),
        "odd": ((b"x-word", b"open k"),),
        "keyless": ((b"x-word", b"open "),),
    }
    assert {host.signing for host in found.values()} == {None}


@pytest.mark.parametrize(("options", "key"), [({}, "k1"), ({"env": ["OTHER_KEY"]}, "k2")])
def test_scheme_put_over_a_known_provider_keeps_the_variable_of_its_key_unless_it_names_one(options, key) -> None:
    section = {"auth": "header", "auth_options": {"name": "x-key", **options}}

    host = routes({"providers": {"acme": section}}, ACME_KEY="k1", OTHER_KEY="k2").hosts["acme"]

    assert (b"x-key", key.encode()) in host.headers


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({"auth": "baerer"}, "providers.mine.auth: no installed plugin offers 'baerer'; did you mean 'bearer'?"),
        ({"auth": "bearer", "api_key": ""}, "providers.mine: the auth scheme 'bearer' needs a key; set providers.mine"),
        ({"auth": "header"}, "providers.mine.auth_options: the option 'name' is missing"),
        ({"auth": "header", "auth_options": {"name": "a b"}}, "scheme Header gave a header that cannot be sent"),
        ({"auth": "bearer", "auth_header": "x-key"}, "auth and auth_header are two ways to show the key; give one"),
        ({"auth_options": {"name": "x"}}, "auth_options are those of a scheme; name it with auth"),
    ],
)
def test_scheme_that_cannot_be_used_is_refused_by_name(section, sentence) -> None:
    with pytest.raises(ConfigError) as refused:
        routes({"providers": {"mine": {"base_url": "https://m.example", "api_key": "env:K", **section}}})

    assert sentence in str(refused.value)


@dataclass(frozen=True)
class Unfinished:
    """What only looks like a scheme."""


@pytest.mark.parametrize(
    "section",
    [
        {"auth": "none"},
        {"auth": "odd", "auth_options": {"word": "open"}},
        {"auth": "odd", "auth_options": {"word": "open", "env": ["ACME_KEY"]}},
    ],
)
def test_known_provider_needs_no_key_under_a_scheme_that_needs_none(section) -> None:
    host = routes({"providers": {"acme": section}}).hosts["acme"]

    assert not any(name == b"authorization" for name, _ in host.headers)


def test_what_a_plugin_offers_and_is_no_scheme_is_refused_by_name() -> None:
    sections = {"mine": {"base_url": "https://m.example", "auth": "unfinished"}}
    sold = Provider("sold", base_url="https://s.example", auth=Unfinished())  # type: ignore[arg-type]  # carelessly

    with pytest.raises(PluginError, match=r"^providers\.mine: Unfinished is no auth scheme"):
        routes({"providers": sections})
    with pytest.raises(PluginError, match=r"^providers\.sold: Unfinished is no auth scheme"):
        routes({}, {"sold": sold})
