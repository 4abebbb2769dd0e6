"""Prompt APIs: a template with typed variables, published as an HTTP API and as a model.

This module only has the hook; everything else loads with a gateway.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import hookimpl

if TYPE_CHECKING:
    from tollbridge.services.kinds import ServiceKind


@hookimpl
def register_service_kinds(register: "Callable[[ServiceKind], None]") -> None:
    """Offer prompt APIs."""
    from tollbridge_prompts.accounts import of_gateway
    from tollbridge_prompts.kind import PromptKind

    register(PromptKind(of_gateway))
