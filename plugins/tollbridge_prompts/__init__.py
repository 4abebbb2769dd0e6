"""Prompt APIs: a template with typed variables, published as an HTTP API and as a model.

This module only has the hooks and the definitions to begin with; everything else loads with a gateway.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tollbridge import hookimpl
from tollbridge_prompts.starting import STARTERS, starter

if TYPE_CHECKING:
    from tollbridge.services.kinds import ServiceKind

__all__ = ["STARTERS", "register_commands", "register_service_kinds", "starter"]


@hookimpl
def register_service_kinds(register: "Callable[[ServiceKind], None]") -> None:
    """Offer prompt APIs."""
    from tollbridge_prompts.accounts import of_gateway
    from tollbridge_prompts.kind import PromptKind

    register(PromptKind(of_gateway))


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    """Offer the command that writes a prompt API to begin with."""
    from tollbridge_prompts.commands import prompt_starter

    register("prompt-starter", prompt_starter)
