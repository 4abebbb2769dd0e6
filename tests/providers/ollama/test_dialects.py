"""Ollama's dialects as the bridge sees them.  Source: invented."""

import json
import subprocess
import sys

import pytest

import tollbridge_ollama
from tollbridge import BadRequest, Denied, Quirks
from tollbridge.formats import Dialect, Envelope, ModelEntry, Operation
from tollbridge_ollama.dialects import ChatDialect, EmbedDialect, GenerateDialect

DIALECTS: tuple[Dialect, ...] = (ChatDialect(), GenerateDialect(), EmbedDialect())
OPERATIONS: dict[str, tuple[Dialect, Operation]] = {
    operation.path: (dialect, operation) for dialect in DIALECTS for operation in dialect.operations
}


def envelope(path: str, body: object) -> Envelope:
    dialect, operation = OPERATIONS[path]
    return dialect.read_envelope(operation, path, body if isinstance(body, bytes) else json.dumps(body).encode())


def test_registered_are_three_dialects_and_two_providers():
    dialects, providers = {}, {}
    tollbridge_ollama.register_dialects(register=lambda dialect: dialects.update({dialect.name: dialect}))
    tollbridge_ollama.register_providers(register=lambda provider: providers.update({provider.name: provider}))

    assert list(dialects) == ["ollama-chat", "ollama-generate", "ollama-embed"]
    assert {dialect.base for dialect in dialects.values()} == {"ollama-chat"}
    local, cloud = providers["ollama"], providers["ollama-cloud"]
    assert next(iter(local.base_urls.items())) == ("ollama-chat", "http://127.0.0.1:11434")
    assert (local.allow_private, local.auth.env) == (True, ())
    assert next(iter(cloud.base_urls.items())) == ("ollama-chat", "https://ollama.com")
    assert (cloud.allow_private, cloud.auth.env) == (False, ("OLLAMA_API_KEY",))


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/api/pull"])
@pytest.mark.parametrize(("said", "stream"), [({}, True), ({"stream": None}, True), ({"stream": False}, False)])
def test_streams_unless_told_not_to(path, said, stream):
    assert envelope(path, {"model": "m", **said}).stream is stream


@pytest.mark.parametrize("path", ["/api/embed", "/api/embeddings", "/api/show"])
def test_what_has_one_answer_never_streams(path):
    assert envelope(path, {"model": "m", "stream": True}).stream is False


@pytest.mark.parametrize(
    ("options", "limit"),
    [({"num_predict": 7}, 7), ({"num_predict": 7.0}, 7), ({"num_predict": -1}, None), ({}, None), (None, None)],
)
def test_output_limit_is_read(options, limit):
    assert envelope("/api/chat", {"model": "m", "options": options}).max_output == limit


def test_download_costs_no_tokens_and_needs_a_scope_of_its_own():
    found = envelope("/api/pull", {"name": "m"})

    assert (found.model, found.max_output, found.input_bound, found.outputs_tokens) == ("m", 0, 0, False)
    assert OPERATIONS["/api/pull"][1].scope == "admin:models:write"


def test_embedding_makes_no_output():
    found = envelope("/api/embed", {"model": "m", "input": "abc"})

    assert (found.max_output, found.outputs_tokens) == (0, False)
    assert found.input_bound > 0


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/api/chat", {}, "model"),
        ("/api/chat", {"name": "m"}, "model"),
        ("/api/chat", {"model": ""}, "model"),
        ("/api/chat", {"model": 1}, "model"),
        ("/api/chat", {"model": "m", "stream": "no"}, "stream"),
        ("/api/chat", {"model": "m", "options": {"num_predict": "x"}}, "options.num_predict"),
        ("/api/chat", b"no", None),
        ("/api/chat", b"\xff", None),
        ("/api/chat", [], None),
    ],
)
def test_wrong_body_is_refused(path, body, param):
    with pytest.raises(BadRequest) as refused:
        envelope(path, body)

    assert refused.value.param == param


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chat", b'{"model":"m","Model":"dear"}'),
        ("/api/chat", b'{"model":"m","MODEL":"dear"}'),
        ("/api/chat", b'{"model":"m","model":"dear"}'),
        ("/api/chat", b'{"model":"m","\\u004dodel":"dear"}'),
        ("/api/chat", '{"model":"m","\u017ftream":false}'.encode()),
        ("/api/chat", b'{"model":"m","\\u017Ftream":false}'),
        ("/api/chat", b'{"model":"m","Options":{"num_predict":100000}}'),
        ("/api/chat", b'{"model":"m","options":{"num_predict":1,"num_predict":100000}}'),
        ("/api/chat", b'{"model":"m","options":{"num_predict":1,"num\\u005fpredict":100000}}'),
        ("/api/pull", b'{"name":"m","name":"dear"}'),
        ("/api/pull", b'{"name":"m","Name":"dear"}'),
        ("/api/pull", b'{"name":"m","MODEL":"dear"}'),
    ],
)
def test_body_that_the_server_would_read_otherwise_is_refused(path, body):
    with pytest.raises(BadRequest):
        envelope(path, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"m","messages":[{"Model":"x","model":"y"}]}',
        '{"model":"m","prompt":"\u017f \u212a \\u0041"}'.encode(),
        b'{"model":"m","more":{"model":"x"}}',
    ],
)
def test_same_names_elsewhere_do_no_harm(body):
    assert envelope("/api/chat", body).model == "m"


@pytest.mark.parametrize(
    ("body", "options", "expected"),
    [
        (b'{"model":"a", "x": 1.50}', {"model": "b"}, b'{"model":"b", "x": 1.50}'),
        (b'{"model":"a","x":1}', {"model": "a"}, b'{"model":"a","x":1}'),
        (b'{"model":"a"}', {"model": "a", "max_output": 5}, b'{"options":{"num_predict":5},"model":"a"}'),
        (
            b'{"model":"a","options":{"seed":1}}',
            {"model": "b", "max_output": 5},
            b'{"model":"b","options":{"num_predict":5,"seed":1}}',
        ),
        (
            b'{"model":"a","options":null}',
            {"model": "a", "max_output": 5},
            b'{"model":"a","options":{"num_predict":5}}',
        ),
        (b'{"name":"a"}', {"model": "b"}, b'{"model":"b","name":"a"}'),
    ],
)
def test_request_is_readdressed(body, options, expected):
    dialect = ChatDialect()
    given = {"max_output": None, "quirks": Quirks(), **options}

    assert dialect.readdress(body, Envelope("a", stream=True), **given) == expected


def test_quirks_of_a_host_are_heeded():
    quirks = Quirks(rename={"think": "thinking"}, drop=("keep_alive",))
    body = b'{"model":"a","think":true,"keep_alive":1}'

    assert ChatDialect().readdress(body, Envelope("a"), model="b", max_output=None, quirks=quirks) == (
        b'{"model":"b","thinking":true}'
    )


def test_models_are_listed_in_ollamas_shape():
    entries = [ModelEntry("openai/gpt", "openai", created=1_700_000_000, context=128)]

    (listed,) = json.loads(ChatDialect().write_models(entries, {}))["models"]

    assert (listed["name"], listed["model"], listed["modified_at"]) == (
        "openai/gpt",
        "openai/gpt",
        "2023-11-14T22:13:20Z",
    )
    assert len(listed["digest"]) == 64
    assert listed["details"]["family"] == "openai"


def test_model_is_shown_in_ollamas_shape():
    shown = json.loads(ChatDialect().write_model(ModelEntry("m", "acme", context=128)))

    assert shown["model_info"] == {"general.architecture": "acme", "acme.context_length": 128}
    assert "tools" in shown["capabilities"]
    assert "acme.context_length" not in json.loads(ChatDialect().write_model(ModelEntry("m", "acme")))["model_info"]


def test_errors_are_one_text():
    error = Denied("not for you")

    for dialect in DIALECTS:
        assert dialect.write_error(error, "req_1") == b'{"error":"not for you"}'
        assert dialect.write_error_event(error, "req_1") == b'{"error":"not for you"}\n'
        assert dialect.claims({}) is False


@pytest.mark.parametrize(("dialect", "place"), [(ChatDialect(), "message"), (GenerateDialect(), "response")])
def test_sign_of_life_is_a_line_clients_can_read(dialect, place):
    line = json.loads(dialect.keep_alive)

    assert place in line
    assert line["done"] is False
    assert dialect.keep_alive.endswith(b"\n")


def test_whole_answers_are_counted():
    reader = GenerateDialect().answer_reader(Envelope("m"), streamed=False)
    reader.feed(b'{"response":"x","done":true,"prompt_eval_count":2,"eval_count":3}')

    assert reader.usage is not None
    assert reader.usage.total == 5


def test_package_does_not_load_its_codecs_at_import():
    code = "import sys, tollbridge_ollama; print('tollbridge_ollama.codecs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
