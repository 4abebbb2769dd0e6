"""Google's Gemini API: its dialect and its own host.  API: https://ai.google.dev/api (read 2026-11)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Header, Models, Provider, Quirks, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_gemini.dialect import GeminiDialect

    register(GeminiDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "gemini",
            base_url="https://generativelanguage.googleapis.com/v1beta",
            dialect="gemini-generate-content",
            auth=Header("x-goog-api-key", ("GEMINI_API_KEY", "GOOGLE_API_KEY")),
            models=Models.from_package("tollbridge_gemini"),
            quirks=Quirks(stream_usage="always"),
            price_id="google",
            display_name="Google Gemini",
            homepage="https://aistudio.google.com",
            source="https://ai.google.dev/gemini-api/docs/api-key, read 2026-11-27",
        )
    )
