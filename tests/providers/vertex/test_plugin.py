"""The package as a plugin."""

import json
import subprocess
import sys

import pytest

import tollbridge_vertex
from tollbridge import Auth, Config, ConfigError, Provider
from tollbridge.formats import Dialect
from tollbridge.formats.ways import upstream_url
from tollbridge.routes import ModelRoutes
from tollbridge_anthropic.dialect import MessagesDialect
from tollbridge_gemini.dialect import GeminiDialect
from tollbridge_mistral.dialects import ChatDialect as MistralDialect
from tollbridge_openai.dialects import ChatDialect
from tollbridge_vertex.credentials import GoogleToken
from tollbridge_vertex.dialect import PredictDialect

BODY = b'{"model":"mine","max_tokens":1,"messages":[]}'
ENV = {"GOOGLE_CLOUD_PROJECT": "my-project", "GOOGLE_CLOUD_LOCATION": "europe-west4"}
SPOKEN: tuple[Dialect, ...] = (GeminiDialect(), ChatDialect(), MessagesDialect(), MistralDialect(), PredictDialect())
DIALECTS = {dialect.name: dialect for dialect in SPOKEN}


def providers() -> dict[str, Provider]:
    found: list[Provider] = []
    tollbridge_vertex.register_providers(found.append)
    return {provider.name: provider for provider in found}


def routes(env: dict[str, str]) -> ModelRoutes:
    return ModelRoutes(Config(), providers(), DIALECTS, env=env, read_key=lambda reference, _: env[reference[4:]])


def test_scheme_and_providers_are_offered() -> None:
    schemes: dict[str, type[Auth]] = {}

    tollbridge_vertex.register_auth_schemes(schemes.__setitem__)

    assert schemes == {"google-token": GoogleToken}
    names = ["vertex", "vertex-anthropic", "vertex-mistral", "vertex-openapi"]
    assert list(providers()) == [*names, "vertex-predict", *(f"{name}-global" for name in names)]


def test_dialect_is_offered() -> None:
    dialects: list[Dialect] = []

    tollbridge_vertex.register_dialects(dialects.append)

    assert [dialect.name for dialect in dialects] == ["vertex-predict"]


def test_each_provider_keeps_its_own_token() -> None:
    schemes = [provider.auth for provider in providers().values()]

    assert len({id(scheme) for scheme in schemes}) == len(schemes)


@pytest.mark.parametrize(
    ("model", "stream", "url"),
    [
        (
            "vertex/gemini-2.5-flash",
            False,
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4"
            "/publishers/google/models/gemini-2.5-flash:generateContent",
        ),
        (
            "vertex-global/gemini-3-pro-preview",
            True,
            "https://aiplatform.googleapis.com/v1/projects/my-project/locations/global"
            "/publishers/google/models/gemini-3-pro-preview:streamGenerateContent?alt=sse",
        ),
        (
            "vertex-openapi/meta/llama-3.3-70b-instruct-maas",
            False,
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4"
            "/endpoints/openapi/chat/completions",
        ),
        (
            "vertex-anthropic/claude-sonnet-4-5@20250929",
            False,
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4"
            "/publishers/anthropic/models/claude-sonnet-4-5%4020250929:rawPredict",
        ),
        (
            "vertex-mistral-global/mistral-medium-3",
            True,
            "https://aiplatform.googleapis.com/v1/projects/my-project/locations/global"
            "/publishers/mistralai/models/mistral-medium-3:streamRawPredict",
        ),
        (
            "vertex-predict/text-embedding-005",
            False,
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4"
            "/publishers/google/models/text-embedding-005:predict",
        ),
    ],
)
def test_model_is_asked_at_its_endpoint(model: str, stream: bool, url: str) -> None:
    [target] = routes({**ENV, "GOOGLE_APPLICATION_CREDENTIALS": "/key.json"}).resolve(model)
    [(dialect, base)] = target.base_urls.items()
    quirks = target.provider.quirks

    assert upstream_url(base, DIALECTS[dialect].operations[0], target.model, stream=stream, quirks=quirks) == url
    assert target.signing is not None
    assert target.headers == ()


def test_message_names_its_version_and_not_its_model_and_a_count_names_both() -> None:
    quirks = providers()["vertex-anthropic"].quirks
    dialect = MessagesDialect()
    message, count = (dialect.read_envelope(operation, "", BODY) for operation in dialect.operations[:2])

    sent, counted = (
        json.loads(dialect.readdress(BODY, envelope, model="theirs", max_output=None, quirks=quirks))
        for envelope in (message, count)
    )

    assert sent == {"anthropic_version": "vertex-2023-10-16", "max_tokens": 1, "messages": []}
    assert counted == {**sent, "model": "theirs"}


def test_nothing_is_offered_to_who_has_no_project_or_no_key() -> None:
    assert routes(ENV).hosts == {}
    assert routes({"GOOGLE_APPLICATION_CREDENTIALS": "/key.json"}).hosts == {}


def test_location_that_is_no_word_is_refused() -> None:
    env = {**ENV, "GOOGLE_CLOUD_LOCATION": "evil.test/x", "GOOGLE_APPLICATION_CREDENTIALS": "/key.json"}

    with pytest.raises(ConfigError, match="GOOGLE_CLOUD_LOCATION"):
        routes(env)


def test_import_of_the_package_loads_no_library_of_google() -> None:
    code = "import sys, tollbridge_vertex; print([name for name in sys.modules if name.startswith('google.')])"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
