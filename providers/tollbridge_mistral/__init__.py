"""Mistral: its dialects and its own host.  API: https://docs.mistral.ai/api (read 2026-11)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Bearer, Models, Provider, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_mistral.dialects import ChatDialect, EmbeddingsDialect

    register(ChatDialect())
    register(EmbeddingsDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "mistral",
            base_url="https://api.mistral.ai/v1",
            dialect="mistral-chat",
            auth=Bearer(env="MISTRAL_API_KEY"),
            models=Models.from_package("tollbridge_mistral"),
            display_name="Mistral AI",
            homepage="https://docs.mistral.ai",
            source="https://docs.mistral.ai/api, read 2026-11-27",
        )
    )
