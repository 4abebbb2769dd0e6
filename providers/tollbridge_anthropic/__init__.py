"""Anthropic: the Messages dialect and its own host.  API: https://docs.anthropic.com/en/api/messages (read 2026-11)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Header, Models, Provider, Quirks, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_anthropic.dialect import MessagesDialect

    register(MessagesDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "anthropic",
            base_url="https://api.anthropic.com/v1",
            dialect="anthropic-messages",
            auth=Header("x-api-key", ("ANTHROPIC_API_KEY",)),
            models=Models.from_package("tollbridge_anthropic"),
            quirks=Quirks(headers={"anthropic-version": "2023-06-01"}, stream_usage="always"),
            display_name="Anthropic",
            homepage="https://console.anthropic.com",
            source="https://docs.anthropic.com/en/api/overview, read 2026-11-20",
        )
    )
