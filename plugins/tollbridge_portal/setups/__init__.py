"""How tools and libraries are pointed at the gateway: steps to follow, and what does not work through one.

`setups` writes them for one gateway, model and token's place. Their sentences stand in `words`, for translators.
"""

from tollbridge_portal.setups.agents import claude_code, codex, cursor
from tollbridge_portal.setups.programs import ai_sdk, anthropic_sdk, langchain, open_webui, openai_sdk
from tollbridge_portal.setups.shape import Block, Setup, Step, Target

__all__ = ["Block", "Setup", "Step", "Target", "setups"]

WRITERS = (claude_code, codex, cursor, open_webui, openai_sdk, anthropic_sdk, langchain, ai_sdk)


def setups(base_url: str, model: str, token_variable: str) -> tuple[Setup, ...]:
    """Write every set-up.

    `base_url` is the gateway's address, with a path where it has one and without `/v1`. Raises `Unwritable` for an
    address or a variable that is none.
    """
    target = Target(base_url, model, token_variable)
    return tuple(write(target) for write in WRITERS)
