"""Google Vertex AI: Gemini, Anthropic's and Mistral's models in their own dialects, others in OpenAI's.

`vertex`, `vertex-anthropic`, `vertex-mistral`, `vertex-openapi` and, for older models of text embeddings,
`vertex-predict` are in the region `GOOGLE_CLOUD_LOCATION` names; those ending in `-global` are where the newest models
are first. All take the auth scheme `google-token`, whose key is that of a service account. Google sets the prices of
all its publishers. Where they are not those of Google's id in the price data, for Gemini and for what costs more in a
region, they stand under an id of their own, and only the table's hold. Endpoints:
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations (read 2026-11).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tollbridge import Auth, Models, Provider, Quirks, hookimpl

if TYPE_CHECKING:
    from tollbridge.formats import Dialect

_PROJECT = "/v1/projects/{GOOGLE_CLOUD_PROJECT}/locations"
_REGION = "{GOOGLE_CLOUD_LOCATION}"
_PLACES = {
    "": f"https://{_REGION}-aiplatform.googleapis.com{_PROJECT}/{_REGION}",
    "-global": f"https://aiplatform.googleapis.com{_PROJECT}/global",
}
_GEMINI = Quirks(stream_usage="always", drop=("serviceTier", "store", "generateContentRequest", "model"))
"""Members of a request that the Gemini API alone knows (Google's discovery document of Vertex, read 2026-11).

Where it counts and embeds, the Gemini API wants the model's name in the body too; Vertex has it in the path alone.
"""
_RAW = ("/models/{model}:rawPredict", "/models/{model}:streamRawPredict")
_CLAUDE = Quirks(
    stream_usage="always",
    drop=("model",),
    add={"anthropic_version": '"vertex-2023-10-16"'},
    paths={"messages": _RAW, "count_tokens": ("/models/count-tokens:rawPredict", "")},
)
"""Messages without the model's name, which stands in the path; as anthropic 2.14 and mistralai 3.7 ask Vertex."""
_MISTRAL = Quirks(stream_usage="always", paths={"chat": _RAW})


@dataclass(frozen=True, slots=True)
class _Service:
    """One way to ask Vertex.  `tables` are its models and the id of their prices, at each place where it is."""

    name: str
    path: str
    dialect: str
    title: str
    page: str
    tables: dict[str, tuple[str, str]]
    quirks: Quirks = field(default_factory=Quirks)


_SERVICES = (
    _Service(
        "vertex",
        "/publishers/google",
        "gemini-generate-content",
        "Google Vertex AI",
        "model-reference/inference",
        {"": ("models_regional.toml", "google-regional"), "-global": ("models.toml", "google-vertex")},
        _GEMINI,
    ),
    _Service(
        "vertex-anthropic",
        "/publishers/anthropic",
        "anthropic-messages",
        "Google Vertex AI, Anthropic",
        "partner-models/use-partner-models",
        {"": ("claude_regional.toml", "google-regional"), "-global": ("claude.toml", "google")},
        _CLAUDE,
    ),
    _Service(
        "vertex-mistral",
        "/publishers/mistralai",
        "mistral-chat",
        "Google Vertex AI, Mistral",
        "partner-models/use-partner-models",
        dict.fromkeys(_PLACES, ("mistral.toml", "google")),
        _MISTRAL,
    ),
    _Service(
        "vertex-openapi",
        "/endpoints/openapi",
        "openai-chat",
        "Google Vertex AI, OpenAI's dialect",
        "migrate/openai/overview",
        dict.fromkeys(_PLACES, ("", "google")),
    ),
    _Service(
        "vertex-predict",
        "/publishers/google",
        "vertex-predict",
        "Google Vertex AI, text embeddings",
        "embeddings/get-text-embeddings",
        {"": ("predict.toml", "google")},
    ),
)
_SOURCE = "https://docs.cloud.google.com/vertex-ai/generative-ai/docs"


@hookimpl
def register_auth_schemes(register: Callable[[str, type[Auth]], None]) -> None:
    from tollbridge_vertex.credentials import GoogleToken

    register("google-token", GoogleToken)


@hookimpl
def register_dialects(register: "Callable[[Dialect], None]") -> None:
    from tollbridge_vertex.dialect import PredictDialect

    register(PredictDialect())


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    from tollbridge_vertex.credentials import GoogleToken

    for place, url in _PLACES.items():
        for service in _SERVICES:
            if place not in service.tables:
                continue
            table, price_id = service.tables[place]
            register(
                Provider(
                    f"{service.name}{place}",
                    base_url=f"{url}{service.path}",
                    dialect=service.dialect,
                    auth=GoogleToken(),
                    quirks=service.quirks,
                    models=Models.from_package("tollbridge_vertex", table) if table else None,
                    price_id=price_id,
                    display_name=f"{service.title}{', global' if place else ''}",
                    homepage="https://console.cloud.google.com/vertex-ai/model-garden",
                    source=f"{_SOURCE}/{service.page}, read 2026-11-27",
                )
            )
