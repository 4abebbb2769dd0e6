"""Azure's providers and the schemes by which they are shown who calls."""

from typing import Any

import pytest

import tollbridge_azure
from tollbridge import Auth, ConfigError, Provider
from tollbridge.auth import SCHEMES
from tollbridge.config import load_config
from tollbridge.plugins import Plugins
from tollbridge.routes import ModelRoutes
from tollbridge_azure.entra import EntraClient, EntraManaged

ENDPOINT = {"AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com/"}
DIALECTS = Plugins().register_all().dialects


def routes(config: dict[str, Any], **env: str) -> ModelRoutes:
    found: list[Provider] = []
    schemes: dict[str, type[Auth]] = {}
    tollbridge_azure.register_providers(found.append)
    tollbridge_azure.register_auth_schemes(schemes.__setitem__)
    return ModelRoutes(
        load_config(config, {}),
        {provider.name: provider for provider in found},
        DIALECTS,
        env={**ENDPOINT, **env},
        read_key=lambda reference, where: {**ENDPOINT, **env}[reference.removeprefix("env:")],
        schemes={**SCHEMES, **schemes},
    )


@pytest.mark.parametrize("variable", ["AZURE_OPENAI_API_KEY", "AZURE_API_KEY"])
def test_key_goes_in_azures_own_header_to_the_v1_surface(variable: str) -> None:
    (target,) = routes({}, **{variable: "k"}).resolve("azure/my-deployment")

    assert target.base_urls == {
        "openai-chat": "https://mine.openai.azure.com/openai/v1",
        "openai-responses": "https://mine.openai.azure.com/openai/v1",
    }
    assert (target.provider.quirks.keeps_answers, target.provider.quirks.free_text) == (True, True)
    assert target.headers == ((b"api-key", b"k"),)
    assert target.model == "my-deployment"


def test_older_surface_has_the_deployment_in_its_path_and_a_version_in_its_query() -> None:
    found = routes({}, AZURE_API_KEY="k", OPENAI_API_VERSION="2024-10-21")

    (target,) = found.resolve("azure-deployments/gpt")

    assert target.base_urls == {
        "openai-chat": "https://mine.openai.azure.com/openai/deployments/{model}?api-version=2024-10-21"
    }


def test_older_surface_is_not_offered_without_a_version() -> None:
    assert "azure-deployments" not in routes({}, AZURE_API_KEY="k").hosts


def test_client_of_entra_takes_its_secret_from_its_own_variable() -> None:
    options = {"tenant": "contoso.com", "client_id": "app"}
    config = {"providers": {"azure": {"auth": "azure-entra", "auth_options": options}}}

    (target,) = routes(config, AZURE_CLIENT_SECRET="s").resolve("azure/gpt")

    assert target.headers == ()
    assert target.signing is not None
    assert (target.signing.key, target.signing.signer) == ("s", EntraClient("contoso.com", "app"))
    assert target.base_urls["openai-chat"] == "https://mine.openai.azure.com/openai/v1"


def test_client_of_entra_needs_a_secret() -> None:
    options = {"tenant": "contoso.com", "client_id": "app"}

    with pytest.raises(ConfigError, match="AZURE_CLIENT_SECRET"):
        routes({"providers": {"azure": {"auth": "azure-entra", "auth_options": options}}})


@pytest.mark.parametrize("env", [{}, {"IDENTITY_HEADER": "h"}])
def test_managed_identity_needs_no_key(env: dict[str, str]) -> None:
    config = {"providers": {"azure": {"auth": "azure-managed-identity"}}}

    (target,) = routes(config, **env).resolve("azure/gpt")

    assert target.signing is not None
    assert (target.signing.key, target.signing.signer) == (env.get("IDENTITY_HEADER", ""), EntraManaged())


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"tenant": "a/b"}, "tenant"),
        ({"tenant": "../x"}, "tenant"),
        ({"authority": "http://login.example"}, "https"),
        ({"authority": "login.example"}, "https"),
        ({"authority": "https:///login"}, "https"),
        ({"tenat": "a"}, "tenant"),
    ],
)
def test_option_that_cannot_be_is_refused_at_start(options: dict[str, str], why: str) -> None:
    given = {"tenant": "contoso.com", "client_id": "app", **options}

    with pytest.raises(ConfigError, match=why):
        routes({"providers": {"azure": {"auth": "azure-entra", "auth_options": given}}}, AZURE_CLIENT_SECRET="s")


@pytest.mark.parametrize("endpoint", ["169.254.169.254/token", "ftp://h/token", "http://"])
def test_endpoint_of_a_managed_identity_that_is_no_url_is_refused_at_start(endpoint: str) -> None:
    config = {"providers": {"azure": {"auth": "azure-managed-identity", "auth_options": {"endpoint": endpoint}}}}

    with pytest.raises(ConfigError, match="endpoint"):
        routes(config)


def test_every_provider_says_where_its_facts_are_from() -> None:
    found: list[Provider] = []
    tollbridge_azure.register_providers(found.append)

    assert all("https://" in provider.source and "2026" in provider.source for provider in found)
