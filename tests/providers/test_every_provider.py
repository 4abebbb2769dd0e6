"""Every provider that has a package of its own keeps the contract of providers."""

import pytest

from tollbridge.plugins import Plugins
from tollbridge.providers import Provider
from tollbridge.testing.provider_contract import ProviderContract
from tollbridge_compatible.catalogue import load_services

REGISTRY = Plugins().register_all()
IN_THE_CATALOGUE = {service.id for service in load_services()}
OWN = {name: provider for name, provider in REGISTRY.providers.items() if name not in IN_THE_CATALOGUE}


@pytest.fixture(params=OWN.values(), ids=OWN)
def provider(request: pytest.FixtureRequest) -> Provider:
    found: Provider = request.param
    return found


class TestEveryProvider(ProviderContract):
    @pytest.fixture(autouse=True)
    def _chosen(self, provider: Provider) -> None:
        self.provider = provider


def test_packages_bring_the_providers_of_the_page() -> None:
    assert {"openai", "anthropic", "gemini", "vertex", "bedrock", "azure", "cohere", "mistral", "ollama"} <= OWN.keys()
