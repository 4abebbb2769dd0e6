"""Hugging Face: its router of OpenAI's chat dialect to partner hosts, and its own embeddings.

The model's name may end in `:<partner>`. `huggingface-inference` is the host of its own, which embeds by
`feature-extraction`. API: https://huggingface.co/docs/inference-providers (read 2026-11).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Bearer, Models, Provider, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect

_KEYS = ("HF_TOKEN", "HUGGINGFACE_API_KEY")


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_huggingface.dialect import FeaturesDialect

    register(FeaturesDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "huggingface",
            base_url="https://router.huggingface.co/v1",
            dialect="openai-chat",
            auth=Bearer(env=_KEYS),
            models=Models.from_package("tollbridge_huggingface"),
            display_name="Hugging Face",
            homepage="https://huggingface.co/docs/inference-providers",
            source="huggingface_hub 2.4.0 (inference/_providers/_common.py), read 2026-11-27",
        )
    )
    register(
        Provider(
            "huggingface-inference",
            base_url="https://router.huggingface.co/hf-inference",
            dialect="huggingface-features",
            auth=Bearer(env=_KEYS),
            price_id="huggingface",
            display_name="Hugging Face, its own host",
            homepage="https://huggingface.co/docs/inference-providers/providers/hf-inference",
            source="huggingface_hub 2.4.0 (inference/_providers/hf_inference.py), read 2026-11-27",
        )
    )
