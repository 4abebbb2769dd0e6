"""OpenAI: its dialects and its own host.  API: https://platform.openai.com/docs/api-reference (read 2026-11)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Bearer, Provider, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_openai.dialects import ChatDialect, CompletionsDialect, EmbeddingsDialect

    register(ChatDialect())
    register(CompletionsDialect())
    register(EmbeddingsDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "openai",
            base_url="https://api.openai.com/v1",
            dialect="openai-chat",
            auth=Bearer(env="OPENAI_API_KEY"),
            display_name="OpenAI",
            homepage="https://platform.openai.com",
            source="https://platform.openai.com/docs/api-reference/authentication, read 2026-11-20",
        )
    )
