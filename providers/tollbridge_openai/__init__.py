"""OpenAI: its dialects and its own host.  API: https://platform.openai.com/docs/api-reference (read 2026-11)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Bearer, Models, Provider, Quirks, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect

_HOST = "https://api.openai.com/v1"


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_openai.dialects import ChatDialect, CompletionsDialect, EmbeddingsDialect
    from tollbridge_openai.responses_dialect import ResponsesDialect
    from tollbridge_openai.side_dialects import SIDE
    from tollbridge_openai.side_files import FilesDialect
    from tollbridge_openai.side_realtime import RealtimeDialect

    register(ChatDialect())
    register(CompletionsDialect())
    register(EmbeddingsDialect())
    register(ResponsesDialect())
    for side in SIDE:
        register(side())
    register(FilesDialect())
    register(RealtimeDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "openai",
            base_urls={"openai-chat": _HOST, "openai-responses": _HOST},
            auth=Bearer(env="OPENAI_API_KEY"),
            models=Models.from_package("tollbridge_openai"),
            quirks=Quirks(keeps_answers=True, free_text=True),
            display_name="OpenAI",
            homepage="https://platform.openai.com",
            source="https://platform.openai.com/docs/api-reference/authentication, read 2026-11-20",
        )
    )
