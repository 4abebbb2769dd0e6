"""Cohere: its dialects and its own host.  API: https://docs.cohere.com/reference/about (read 2026-11)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Bearer, Models, Provider, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_cohere.dialects import ChatDialect, EmbedDialect, RerankDialect, SharedRerankDialect

    register(ChatDialect())
    register(EmbedDialect())
    register(RerankDialect())
    register(SharedRerankDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "cohere",
            base_url="https://api.cohere.com/v2",
            dialect="cohere-v2",
            auth=Bearer(env=("COHERE_API_KEY", "CO_API_KEY")),
            models=Models.from_package("tollbridge_cohere"),
            display_name="Cohere",
            homepage="https://docs.cohere.com",
            source="https://docs.cohere.com/reference/about, read 2026-11-27",
        )
    )
