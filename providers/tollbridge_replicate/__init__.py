"""Replicate: its predictions, as a dialect, and its host.  API: https://replicate.com/docs/reference/http (2026-11)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import Bearer, Models, Provider, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_replicate.dialect import PredictionsDialect

    register(PredictionsDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    register(
        Provider(
            "replicate",
            base_url="https://api.replicate.com/v1",
            dialect="replicate-predictions",
            auth=Bearer(env=("REPLICATE_API_TOKEN", "REPLICATE_API_KEY")),
            models=Models.from_package("tollbridge_replicate"),
            display_name="Replicate",
            homepage="https://replicate.com",
            source="https://replicate.com/docs/reference/http, read 2026-11-27",
        )
    )
