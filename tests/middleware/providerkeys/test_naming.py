"""Which stored secret is which provider's key."""

import json
from typing import Any

import pytest

from tollbridge.auth import SCHEMES
from tollbridge.config import parse_config
from tollbridge.errors import BadRequest, ConfigError
from tollbridge.hosts import Hosts
from tollbridge.plugins import Plugins
from tollbridge.providerkeys.naming import KeyedProviders
from tollbridge.providers import Provider

REGISTRY = Plugins().register_all()
URL = "https://mine.example/v1"


def providers(env: Any = None, **sections: Any) -> KeyedProviders:
    def read_key(reference: str, where: str) -> str:
        raise AssertionError("no key is read")

    schemes = {**SCHEMES, **REGISTRY.auth_schemes}
    hosts = Hosts(REGISTRY.dialects, schemes, env=env or {}, read_key=read_key, timeout_s=1)
    return KeyedProviders(hosts, REGISTRY.providers, parse_config({"providers": sections}).providers)


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ({"api_key": "stored:shared"}, "shared"),
        ({"api_key": "env:KEY"}, ""),
        ({"api_key": "file:key"}, ""),
        ({}, "mine"),
    ],
)
def test_provider_of_the_configuration_reads_what_it_says_or_its_own_name(section, name) -> None:
    assert providers(mine={"base_url": URL, **section}).reads("mine") == name


def test_known_provider_reads_its_own_name_and_one_nobody_knows_reads_nothing() -> None:
    assert providers().reads("openai") == "openai"
    assert providers().reads("nobody") == ""


def test_key_is_shown_as_the_scheme_of_its_provider_says_without_reading_another() -> None:
    found = providers(mine={"base_url": URL, "auth_header": "x-key", "api_key": "env:KEY"}, openai={})

    assert found.keyed(found.host("mine"), "k").headers == ((b"x-key", b"k"),)
    assert found.keyed(found.host("openai"), "k").headers == ((b"authorization", b"Bearer k"),)
    assert found.keyed(found.host("anthropic"), "k").headers[-1] == (b"x-api-key", b"k")
    assert found.host("mine").headers == ()
    assert found.host("mine").waits


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("opena", "no provider has this name; did you mean 'openai'?"),
        ("nvida", "no provider has this name; did you mean 'novita' or 'nvidia-nim' or 'nova'"),
        ("quite-unknown", r"name; of \d\d+ that are known these begin alike: qihang-ai, qiniu-ai; listed by: "),
        ("\u00e9", r"name; \d\d+ are known; listed by: tollbridge models --all$"),
        ("azure", r"needs a section \[providers.azure\], or a variable of its URL is not set"),
        ("vllm", r"needs a section \[providers.vllm\]"),
        ("mine", "this provider takes no key"),
        ("unset", "the URL needs the environment variable UNSET, which is not set"),
    ],
)
def test_provider_that_a_key_cannot_be_kept_for_is_refused_with_why(name, words) -> None:
    sections = {"mine": {"base_url": URL}, "unset": {"base_url": "https://{UNSET}.example", "api_key": "stored:unset"}}

    with pytest.raises(BadRequest, match=words) as refused:
        providers(**sections).host(name)

    assert refused.value.param == "provider"


def test_key_that_its_scheme_cannot_use_is_refused_without_the_key() -> None:
    found = providers(aws={"base_url": URL, "dialect": "bedrock-converse", "auth": "sigv4", "api_key": "stored:aws"})

    with pytest.raises(BadRequest, match="a key for AWS must read ACCESS:SECRET") as refused:
        found.keyed(found.host("aws"), "not-a-pair-of-keys")

    assert refused.value.param == "key"
    assert "not-a-pair" not in str(refused.value)
    assert found.keyed(found.host("aws"), "AKIA:secret").signing is not None


def test_key_that_would_lead_the_gateway_to_a_file_or_another_host_is_refused_without_the_key() -> None:
    env = {"GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "europe-west1"}
    found = providers(env)
    account = {"type": "service_account", "token_uri": "http://169.254.169.254/latest"}

    for key in ("/etc/passwd", json.dumps(account)):
        with pytest.raises(BadRequest, match="into a file") as refused:
            found.keyed(found.host("vertex"), key)
        assert refused.value.param == "key"
        assert key not in str(refused.value)
    kept = {"type": "service_account", "client_email": "a@b", "private_key": "x"}
    assert found.keyed(found.host("vertex"), json.dumps(kept)).signing is not None


class Careless:
    """A scheme whose look at a key fails in words of its own."""

    env = ("KEY",)

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return []

    def check_kept(self, key: str) -> None:
        raise RuntimeError(f"what is {key}?")


def test_words_of_a_scheme_that_fails_are_not_passed_on() -> None:
    hosts = Hosts(REGISTRY.dialects, SCHEMES, env={}, read_key=lambda reference, where: "", timeout_s=1)
    known = {"odd": Provider("odd", base_url=URL, auth=Careless())}
    found = KeyedProviders(hosts, known, {})

    with pytest.raises(BadRequest, match="the key cannot be kept: RuntimeError in") as refused:
        found.keyed(found.host("odd"), "sk-secret")

    assert "sk-secret" not in str(refused.value)


def test_name_under_which_services_have_their_secrets_is_no_providers() -> None:
    with pytest.raises(ConfigError, match=r"providers\.services: secrets of services are kept under this name"):
        providers(services={"base_url": URL})
