"""Google Vertex AI: Gemini, Anthropic's and Mistral's models in their own dialects, others in OpenAI's.

`vertex`, `vertex-anthropic`, `vertex-mistral` and `vertex-openapi` are in the region `GOOGLE_CLOUD_LOCATION` names;
those ending in `-global` are where the newest models are first. All take the auth scheme `google-token`, whose key is
that of a service account. Google sets the prices of all its publishers, so each is looked up under Google's id; Claude
costs more in a region, where only the table's prices hold, under an id of its own. Endpoints:
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations (read 2026-11).
"""

from collections.abc import Callable

from tollbridge import Auth, Models, Provider, Quirks, hookimpl

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
_PUBLISHERS = (
    ("anthropic", "anthropic-messages", _CLAUDE),
    ("mistral", "mistral-chat", _MISTRAL),
)
_ID = {"anthropic": "anthropic", "mistral": "mistralai"}
_TABLES = {
    "anthropic": ("claude_regional.toml", "google-regional"),
    "anthropic-global": ("claude.toml", "google"),
    "mistral": ("mistral.toml", "google"),
    "mistral-global": ("mistral.toml", "google"),
}
"""The models of each publisher at each place, and the id of their prices."""
_SOURCE = "https://docs.cloud.google.com/vertex-ai/generative-ai/docs"


@hookimpl
def register_auth_schemes(register: Callable[[str, type[Auth]], None]) -> None:
    from tollbridge_vertex.credentials import GoogleToken

    register("google-token", GoogleToken)


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    from tollbridge_vertex.credentials import GoogleToken

    for place, url in _PLACES.items():
        register(
            Provider(
                f"vertex{place}",
                base_url=f"{url}/publishers/google",
                dialect="gemini-generate-content",
                auth=GoogleToken(),
                quirks=_GEMINI,
                models=Models.from_package("tollbridge_vertex"),
                price_id="google",
                display_name=f"Google Vertex AI{', global' if place else ''}",
                homepage="https://console.cloud.google.com/vertex-ai",
                source=f"{_SOURCE}/model-reference/inference, read 2026-11-27",
            )
        )
        for publisher, dialect, quirks in _PUBLISHERS:
            table, price_id = _TABLES[f"{publisher}{place}"]
            register(
                Provider(
                    f"vertex-{publisher}{place}",
                    base_url=f"{url}/publishers/{_ID[publisher]}",
                    dialect=dialect,
                    auth=GoogleToken(),
                    models=Models.from_package("tollbridge_vertex", table),
                    quirks=quirks,
                    price_id=price_id,
                    display_name=f"Google Vertex AI, {publisher.title()}{', global' if place else ''}",
                    homepage="https://console.cloud.google.com/vertex-ai/model-garden",
                    source=f"{_SOURCE}/partner-models/use-partner-models, read 2026-11-27",
                )
            )
        register(
            Provider(
                f"vertex-openapi{place}",
                base_url=f"{url}/endpoints/openapi",
                dialect="openai-chat",
                auth=GoogleToken(),
                price_id="google",
                display_name=f"Google Vertex AI, OpenAI's dialect{', global' if place else ''}",
                homepage="https://console.cloud.google.com/vertex-ai/model-garden",
                source=f"{_SOURCE}/migrate/openai/overview, read 2026-11-27",
            )
        )
