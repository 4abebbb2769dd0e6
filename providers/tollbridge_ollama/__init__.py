"""Ollama: its own dialects, a server on this machine and ollama.com.  API: https://docs.ollama.com/api (read 2026-11).

Both hosts speak OpenAI's and Anthropic's dialects too; Ollama's own stands first, so translated calls take that.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Bearer, Provider, Quirks, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect

_SOURCE = "https://docs.ollama.com/api/authentication, read 2026-11-27"
_QUIRKS = Quirks(rename={"max_completion_tokens": "max_tokens"})
"""For OpenAI's dialect, as https://docs.ollama.com/api/openai-compatibility lists no other name (read 2026-11)."""


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_ollama.dialects import ChatDialect, EmbedDialect, GenerateDialect

    register(ChatDialect())
    register(GenerateDialect())
    register(EmbedDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "ollama",
            base_urls=_base_urls("http://127.0.0.1:11434"),
            auth=Bearer(),
            quirks=_QUIRKS,
            display_name="Ollama",
            homepage="https://ollama.com",
            source=_SOURCE,
            allow_private=True,
        )
    )
    register(
        Provider(
            "ollama-cloud",
            base_urls=_base_urls("https://ollama.com"),
            auth=Bearer(env="OLLAMA_API_KEY"),
            quirks=_QUIRKS,
            display_name="Ollama Cloud",
            homepage="https://ollama.com/cloud",
            source=_SOURCE,
        )
    )


def _base_urls(url: str) -> dict[str, str]:
    return {"ollama-chat": url, "openai-chat": f"{url}/v1", "anthropic-messages": f"{url}/v1"}
