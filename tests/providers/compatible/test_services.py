"""The data: what every row of services.toml must keep to."""

import re
from datetime import date

from genai_prices.data import providers as priced

from tollbridge import Bearer, NoAuth, Provider
from tollbridge_compatible import register_providers
from tollbridge_compatible.catalogue import DIALECTS, STREAM_USAGE, Service, load_services

SERVICES = load_services()


def find(name: str) -> Service:
    return next(service for service in SERVICES if service.id == name)


def test_every_row_is_registered_once():
    offered: list[Provider] = []

    register_providers(offered.append)

    assert [provider.name for provider in offered] == [service.id for service in SERVICES]
    assert len({provider.name for provider in offered}) == len(offered)


def test_there_are_at_least_150_rows():
    assert len(SERVICES) >= 150


def test_rows_stand_in_alphabetical_order():
    assert [service.id for service in SERVICES] == sorted(service.id for service in SERVICES)


def test_hosts_that_have_a_package_of_their_own_or_forbid_it_have_no_row():
    assert {service.id for service in SERVICES}.isdisjoint({"openai", "anthropic", "local", "github-copilot"})


def test_every_row_says_where_and_when_its_url_was_read():
    assert [service.id for service in SERVICES if not service.source or service.read < date(2026, 11, 1)] == []


def test_urls_are_https_but_for_hosts_on_this_machine():
    for service in SERVICES:
        scheme = "https?" if service.local else "https"
        assert service.base_urls, service.id
        assert set(service.base_urls) <= set(DIALECTS), service.id
        for url in service.base_urls.values():
            host = rf"({scheme}://[a-zA-Z0-9.:{{}}_-]+|\{{[A-Z_]+\}})"
            assert re.fullmatch(rf"{host}(/[a-zA-Z0-9._{{}}-]+)*", url), service.id
            assert not url.endswith(("/", "/chat/completions", "/messages")), service.id


def test_braces_in_urls_are_whole_variables():
    for service in SERVICES:
        for url in service.base_urls.values():
            assert not set("{}") & set(re.sub(r"\{[A-Z][A-Z0-9_]*\}", "", url)), service.id
        assert set(service.variables).isdisjoint(service.env), service.id


def test_key_variables_look_like_variables_and_are_named_once():
    for service in SERVICES:
        assert all(re.fullmatch(r"[A-Z0-9]+(_[A-Z0-9]+)*", name) for name in service.env), service.id
        assert len(set(service.env)) == len(service.env), service.id
        assert service.env or (service.local and not service.env_guess), service.id


def test_quirks_use_known_words():
    known = {
        *("max_tokens", "max_completion_tokens", "top_n", "top_k"),
        *("dimensions", "output_dimension", "encoding_format", "embedding_type"),
    }
    for service in SERVICES:
        quirks = service.quirks
        assert {*quirks.rename, *quirks.rename.values(), *quirks.drop_values} <= known, service.id
        assert {"model", "messages", "stream"}.isdisjoint(quirks.drop), service.id
        assert quirks.stream_usage in STREAM_USAGE, service.id
        assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in quirks.headers), service.id
        assert {"authorization", "host", "content-type"}.isdisjoint(quirks.headers), service.id


def test_price_ids_that_differ_from_the_id_are_known_to_the_price_data():
    known = {provider.id for provider in priced}

    assert {service.price_id for service in SERVICES if service.price_id != service.id} <= known


def test_only_hosts_on_this_machine_may_be_dialled_at_a_private_address():
    private = {service.id for service in SERVICES if service.provider().allow_private}

    assert private == {service.id for service in SERVICES if "127.0.0.1" in next(iter(service.base_urls.values()))}
    assert {"vllm", "lm-studio", "llama-cpp"} <= private


def test_key_goes_where_the_host_wants_it():
    assert find("groq").provider().auth == Bearer(("GROQ_API_KEY",))
    assert find("sarvam").provider().auth.headers("k") == [(b"api-subscription-key", b"k")]
    assert find("sglang").provider().auth == NoAuth()


def test_a_host_can_have_a_base_for_each_dialect():
    provider = find("deepseek").provider()

    assert provider.base_urls == {
        "openai-chat": "https://api.deepseek.com/v1",
        "openai-responses": "https://api.deepseek.com",
        "anthropic-messages": "https://api.deepseek.com/anthropic/v1",
    }
    assert provider.quirks.rename == {"max_completion_tokens": "max_tokens"}
    assert provider.source.endswith("read 2026-11-24")


def test_hosts_get_functions_for_tools_of_free_text_unless_they_are_known_to_take_them():
    assert {service.id for service in SERVICES if service.provider().quirks.free_text} == {"bedrock-mantle-openai"}


def test_variables_of_a_url_are_listed_once_and_in_order():
    assert find("dashscope-workspace").variables == ("DASHSCOPE_WORKSPACE_ID", "DASHSCOPE_REGION")
    assert find("groq").variables == ()


def test_variable_that_holds_the_whole_beginning_of_a_url_is_that_of_its_host():
    assert find("neon").variables == ("NEON_AI_GATEWAY_BASE_URL",)
    assert find("neon").base_urls == {"openai-chat": "{NEON_AI_GATEWAY_BASE_URL}/ai-gateway/mlflow/v1"}


def test_hosts_of_embeddings_have_rows_too():
    assert {"jina", "nomic", "voyage"} <= {service.id for service in SERVICES}


def test_models_of_mantle_are_where_their_page_says():
    old, new = find("bedrock-mantle"), find("bedrock-mantle-openai")

    assert old.base_urls["openai-chat"] == "https://bedrock-mantle.{AWS_REGION}.api.aws/v1"
    assert new.base_urls == {"openai-responses": "https://bedrock-mantle.{AWS_REGION}.api.aws/openai/v1"}
    assert (old.env, old.price_id) == (new.env, new.price_id)
