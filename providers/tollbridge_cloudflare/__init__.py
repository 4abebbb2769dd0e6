"""Cloudflare Workers AI: its own way to run a model, as a dialect, and its host, which speaks OpenAI's dialects too.

API: https://developers.cloudflare.com/api/resources/ai/methods/run (read 2026-11).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Bearer, Models, Provider, Quirks, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect

_AI = "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai"


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_cloudflare.dialect import RunDialect

    register(RunDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "cloudflare",
            base_urls={"openai-chat": f"{_AI}/v1", "cloudflare-run": _AI},
            auth=Bearer(env=("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY")),
            models=Models.from_package("tollbridge_cloudflare"),
            quirks=Quirks(rewritten=("openai-chat",)),  # its first chunk names no role, as OpenAI's SDK wants it
            display_name="Cloudflare Workers AI",
            homepage="https://developers.cloudflare.com/workers-ai",
            source=(
                "https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility, and the types of "
                "cloudflare 5.9.0 (cloudflare/types/ai), read 2026-11-27"
            ),
        )
    )
