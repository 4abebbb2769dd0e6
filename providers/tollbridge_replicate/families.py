"""What the inputs of Replicate's language models are called: each model has a schema, each maker its habits.

From the schemas at https://replicate.com/{owner}/{name}/api of meta/meta-llama-3.1-405b-instruct, openai/gpt-5.1,
openai/o4-mini, anthropic/claude-4-sonnet and google/gemini-2.5-flash (read 2026-11).
"""

from collections.abc import Sequence
from dataclasses import dataclass

SYSTEMS = ("system_prompt", "system_instruction")
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens")
IMAGES = ("image", "image_input", "images")
_SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty")


@dataclass(frozen=True, slots=True)
class Family:
    """Inputs of the models of one maker; an empty name stands for what there is no input for.

    `many`: `images` is a list. `takes` are the other inputs that are known.
    """

    system: str = "system_prompt"
    limit: str = "max_tokens"
    images: str = ""
    many: bool = False
    takes: frozenset[str] = frozenset()


_THINKS = frozenset(("reasoning_effort", "verbosity"))
_OTHERS = Family(images="image", takes=frozenset((*_SAMPLING, "top_k", "stop_sequences", "seed")))
_FAMILIES: Sequence[tuple[str, Family]] = (
    ("openai/gpt-5", Family(limit="max_completion_tokens", images="image_input", many=True, takes=_THINKS)),
    ("openai/o", Family(limit="max_completion_tokens", images="image_input", many=True, takes=_THINKS)),
    ("openai/", Family("system_prompt", "max_completion_tokens", "image_input", True, frozenset(_SAMPLING))),
    ("anthropic/", Family(images="image", takes=frozenset(("extended_thinking",)))),
    (
        "google/gemini",
        Family(
            "system_instruction",
            "max_output_tokens",
            "images",
            True,
            frozenset(("temperature", "top_p", "thinking_budget")),
        ),
    ),
    ("deepseek-ai/", Family(system="", takes=frozenset(_SAMPLING))),
)


def family_of(model: str) -> Family:
    """Give the family of a model `owner/name`; those nobody listed are taken to be like Meta's."""
    return next((family for prefix, family in _FAMILIES if model.startswith(prefix)), _OTHERS)
