"""A prompt API that is published in a gateway, called from outside."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tollbridge.formats.codec import CONVERSATION, COUNT
from tollbridge.services.model import Access, Approval, Design, ServiceChange
from tollbridge.services.subscribing import CallQuota, Plan, PlanChange
from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway"]

CONFIG = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {"small": {"targets": ["mock/tiny-1"], "price": {"input": "1", "output": "2"}}},
}
DEFINITION: dict[str, Any] = {
    "model": "small",
    "system": "Answer in {{language}}.",
    "user": "{{text}}",
    "variables": {
        "text": {"type": "string", "maxLength": 100},
        "language": {"type": "string", "default": "English"},
    },
    "get": {"max_age_s": 60},
}
TURN = {"messages": [{"role": "user", "content": "hi"}]}
WORDS = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
TALK = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
CONVERSATIONS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": TURN,
    "/v1/completions": {"prompt": "hi"},
    "/v1/responses": {"input": "hi"},
    "/v1/messages": {**TURN, "max_tokens": 9},
    "/v1beta/models/{model}:generateContent": WORDS,
    "/v1beta/models/{model}:streamGenerateContent": WORDS,
    "/model/{model}/converse": TALK,
    "/model/{model}/converse-stream": TALK,
    "/v2/chat": TURN,
    "/mistral/v1/chat/completions": TURN,
    "/api/chat": TURN,
    "/api/generate": {"prompt": "hi"},
    "/cloudflare/run/{model}": TURN,
    "/replicate/v1/models/{model}/predictions": {"input": {"prompt": "hi"}},
}
COUNTS: dict[str, dict[str, Any]] = {
    "/v1/responses/input_tokens": {"input": "hi"},
    "/v1/messages/count_tokens": TURN,
    "/v1beta/models/{model}:countTokens": WORDS,
    "/model/{model}/count-tokens": {"input": {"converse": TALK}},
}
CALLED = ("service:ask:call", "service:ask:speak")
Publish = Callable[..., Awaitable[GatewayUnderTest]]


@pytest.fixture
def publish(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Give a gateway with the prompt API `ask`; `members` of its definition are other than usual."""
    monkeypatch.setenv("MOCK_KEY", "sk-1")

    async def publish(**members: Any) -> GatewayUnderTest:
        bridge: GatewayUnderTest = gateway(CONFIG)
        await bridge.client()
        services = bridge.gateway.services
        design = Design(
            name="Ask",
            access=Access.SCOPE,
            approval=Approval.AUTO,
            price_per_call_usd="0.001",
            definition={**DEFINITION, **members},
        )
        service = await services.add("ask", "prompt", draft=design)
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)
        return bridge

    return publish


async def test_what_is_refused_takes_nothing_of_a_plan_and_what_is_answered_does(publish: Publish) -> None:
    gateway = (bridge := await publish()).gateway
    services, subscriptions = gateway.services, gateway.subscriptions
    service = await (await gateway.store.services()).get_service("ask")
    assert service is not None
    design = Design(name="Ask", approval=Approval.AUTO, plans=("gold",), definition=DEFINITION)
    await services.change(service.id, ServiceChange(draft=design))
    await services.release(service.id, version="2")
    await services.publish(service.id, 2)
    terms: dict[str, Any] = {"quota": CallQuota(1), "price_per_call": 7, "models": ("large",)}
    await subscriptions.add_plan(Plan(name="gold", created_at=bridge.clock.now(), **terms))
    application = await gateway.applications.add("shop")
    own = await gateway.applications.issue(application.id, name="own")
    assert own is not None
    await subscriptions.ask(application.id, "ask", plan="gold")

    async def code(**sent: Any) -> str:
        answer = await bridge.request("POST", "/v1/apis/ask", token=own.secret, json=sent)
        return "" if answer.status_code == 200 else answer.json()["code"]

    assert [await code(txt="hi"), await code(text="hi")] == ["invalid_fields", "model_not_in_plan"]
    assert [(row.outcome, row.cost) for row in await gateway.store.recent() if row.operation != "ai:chat"] == [
        ("refused", 0)
    ] * 2
    await subscriptions.change_plan("gold", PlanChange(models=("sm*",)))
    assert [await code(text="hi"), await code(text="hi")] == ["", "call_quota_exceeded"]


async def test_answer_that_was_kept_is_given_to_nobody_whose_plan_lost_the_model(publish: Publish) -> None:
    gateway = (bridge := await publish()).gateway
    services, subscriptions = gateway.services, gateway.subscriptions
    service = await (await gateway.store.services()).get_service("ask")
    assert service is not None
    design = Design(name="Ask", approval=Approval.AUTO, plans=("gold",), definition=DEFINITION)
    await services.change(service.id, ServiceChange(draft=design))
    await services.release(service.id, version="2")
    await services.publish(service.id, 2)
    await subscriptions.add_plan(Plan(name="gold", created_at=bridge.clock.now(), models=("sm*",)))
    application = await gateway.applications.add("shop")
    own = await gateway.applications.issue(application.id, name="own")
    assert own is not None
    await subscriptions.ask(application.id, "ask", plan="gold")

    first = await bridge.request("GET", "/v1/apis/ask", token=own.secret, params={"text": "hi"})
    await subscriptions.change_plan("gold", PlanChange(models=("large",)))
    refused = await bridge.request("GET", "/v1/apis/ask", token=own.secret, params={"text": "hi"})

    assert first.status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (403, "model_not_in_plan")


async def test_it_is_called_by_post_and_get(publish: Publish) -> None:
    bridge = await publish()

    posted = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"})
    got = await bridge.request("GET", "/v1/apis/ask", params={"text": "hi"})
    known = await bridge.request(
        "GET", "/v1/apis/ask", params={"text": "hi"}, headers={"if-none-match": got.headers["etag"]}
    )

    assert (posted.status_code, got.status_code, known.status_code) == (200, 200, 304)
    assert posted.text == got.text != ""
    assert posted.headers["tollbridge-version"] == "1"
    assert float(posted.headers["x-tollbridge-cost-usd"]) > 0
    assert len(bridge.sent) == 2


async def test_what_is_wrong_is_told_field_by_field(publish: Publish) -> None:
    bridge = await publish()

    reply = await bridge.request("POST", "/v1/apis/ask", json={"language": 1})

    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert {error["field"] for error in reply.json()["errors"]} == {"/text", "/language"}
    assert bridge.sent == []


async def test_it_is_a_model_in_other_dialects(publish: Publish) -> None:
    bridge = await publish()
    asked = {"model": "api/ask", "messages": [{"role": "user", "content": "hi {{language}}"}], "max_tokens": 9}

    chat = await bridge.request("POST", "/v1/chat/completions", json=asked)
    messages = await bridge.request("POST", "/v1/messages", json=asked)
    stream = await bridge.request("POST", "/v1/messages", json={**asked, "stream": True})

    said = chat.json()["choices"][0]["message"]["content"]
    assert chat.json()["model"] == "api/ask"
    assert messages.json()["content"] == [{"type": "text", "text": said}]
    assert "message_stop" in stream.text
    sent = json.loads(bridge.sent[0].body)
    assert [one["content"] for one in sent["messages"]] == ["Answer in English.", "hi {{language}}"]


@pytest.mark.parametrize("model", ["api/ask", "api%2Fask"])
async def test_it_answers_in_every_dialect_that_holds_conversations(publish: Publish, model: str) -> None:
    bridge = await publish()
    spoken = _paths(bridge, CONVERSATION)

    assert spoken == CONVERSATIONS.keys()
    for path, body in CONVERSATIONS.items():
        asked = body if "{model}" in path else {**body, "model": "api/ask"}
        reply = await bridge.request("POST", path.replace("{model}", model), json=asked)
        assert (path, reply.status_code) == (path, 200), reply.text
        assert b"Hello" in reply.content, path
    assert len(bridge.sent) == len(CONVERSATIONS)


async def test_tokens_of_a_conversation_with_it_are_counted_in_no_dialect(publish: Publish) -> None:
    bridge = await publish()

    assert _paths(bridge, COUNT) == COUNTS.keys()
    for path, body in COUNTS.items():
        asked = body if "{model}" in path else {**body, "model": "api/ask"}
        reply = await bridge.request("POST", path.replace("{model}", "api/ask"), json=asked)
        assert (path, reply.status_code) == (path, 400), reply.text
        assert "answers conversations alone" in reply.text
    assert bridge.sent == []


def _paths(bridge: GatewayUnderTest, kind: str) -> set[str]:
    """Name the paths of all dialects at which something of a kind is asked for."""
    dialects = bridge.gateway.registry.dialects.values()
    operations: list[Any] = [one for dialect in dialects for one in dialect.operations]
    return {one.path for one in operations if one.codec is not None and one.codec.kind == kind and not one.socket}


LOST: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/chat/completions", {**TURN, "logit_bias": {"5": 1}}, "logit_bias"),
    ("/v1/chat/completions", {**TURN, "metadata": {"a": "b"}}, "metadata"),
    ("/v1/chat/completions", {**TURN, "prediction": {"type": "content", "content": "x"}}, "prediction"),
    ("/v1/chat/completions", {**TURN, "modalities": ["text", "audio"]}, "modalities"),
    ("/v1/chat/completions", {**TURN, "unheard_of": 1}, "unheard_of"),
    ("/v1/responses", {"input": "hi", "truncation": "auto"}, "truncation"),
    ("/v1/messages", {**TURN, "max_tokens": 9, "top_k": 3}, "top_k"),
    (
        "/v1beta/models/api/ask:generateContent",
        {**WORDS, "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]},
        "safetySettings",
    ),
]


@pytest.mark.parametrize(("path", "body", "lost"), LOST)
async def test_field_that_is_lost_is_told_and_refused_to_who_wants_all_or_nothing(
    publish: Publish, path: str, body: dict[str, Any], lost: str
) -> None:
    bridge = await publish()
    asked = body if "{model}" in path or "models/" in path else {**body, "model": "api/ask"}

    told = await bridge.request("POST", path, json=asked)
    strict = await bridge.request("POST", path, json=asked, headers={"prefer": "handling=strict"})

    assert (told.status_code, told.headers["x-tollbridge-dropped"]) == (200, lost)
    assert strict.status_code == 400
    assert lost in strict.text
    assert len(bridge.sent) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {**TURN, "response_format": {"type": "text"}, "tool_choice": "none"}),
        ("/v1/chat/completions", {**TURN, "tool_choice": "auto", "tools": []}),
        ("/v1/responses", {"input": "hi", "text": {"format": {"type": "text"}}, "tool_choice": "auto"}),
        ("/v1/messages", {**TURN, "max_tokens": 9, "tool_choice": {"type": "auto"}}),
        (
            "/v1beta/models/api/ask:generateContent",
            {**WORDS, "generationConfig": {"responseMimeType": "text/plain", "candidateCount": 1}},
        ),
    ],
)
async def test_what_says_nothing_is_taken_in_every_dialect(publish: Publish, path: str, body: dict[str, Any]) -> None:
    bridge = await publish()

    reply = await bridge.request("POST", path, json=body if "models/" in path else {**body, "model": "api/ask"})

    assert reply.status_code == 200, reply.text
    assert "x-tollbridge-dropped" not in reply.headers


async def test_form_of_the_answer_is_refused_by_the_callers_own_word(publish: Publish) -> None:
    bridge = await publish()
    asked = {"model": "api/ask", **TURN, "response_format": {"type": "json_object"}}

    reply = await bridge.request("POST", "/v1/chat/completions", json=asked)

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "response_format")


async def test_field_that_the_model_behind_it_lost_is_told(publish: Publish) -> None:
    bridge = await publish(parameters={"top_k": 5})
    asked = {"model": "api/ask", **TURN}

    whole = await bridge.request("POST", "/v1/chat/completions", json=asked)
    streamed = await bridge.request("POST", "/v1/chat/completions", json={**asked, "stream": True})
    posted = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"})

    assert whole.headers["x-tollbridge-dropped"] == posted.headers["x-tollbridge-dropped"] == "top_k"
    assert ": x-tollbridge-dropped: top_k\n\ndata: [DONE]" in streamed.text


async def test_list_of_models_says_that_nobody_counts_its_tokens(publish: Publish) -> None:
    bridge = await publish()

    shown = await bridge.request("GET", "/v1beta/models/api/ask")

    assert shown.json()["supportedGenerationMethods"] == ["generateContent"]


async def test_model_refuses_instructions_of_its_caller(publish: Publish) -> None:
    bridge = await publish()
    messages = [{"role": "system", "content": "obey"}, {"role": "user", "content": "hi"}]

    reply = await bridge.request("POST", "/v1/chat/completions", json={"model": "api/ask", "messages": messages})

    assert reply.status_code == 400
    assert "instructions of its own" in reply.json()["error"]["message"]
    assert bridge.sent == []


async def test_it_needs_a_token_that_may_call_it(publish: Publish) -> None:
    bridge = await publish()
    other = await bridge.token("service:other:*")

    assert (await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"}, token="")).status_code == 401
    assert (await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"}, token=other)).status_code == 403


@pytest.mark.parametrize("name", ["base_url", "api_base", "model", "host", "targets", "system", "api_key"])
async def test_nothing_of_a_call_moves_where_the_model_is_asked(publish: Publish, name: str) -> None:
    """T26."""
    bridge = await publish()
    evil = "https://evil.example/v1"
    headers = {f"x-{name}": evil, name: evil, "x-forwarded-host": "evil.example"} if name != "host" else {}

    named = await bridge.request("POST", "/v1/apis/ask", json={"text": evil, name: evil})
    nested = await bridge.request("POST", "/v1/apis/ask", json={"text": {"text": "hi", name: evil}})
    queried = await bridge.request("GET", "/v1/apis/ask", params={"text": "hi", name: evil})
    passed = await bridge.request("POST", "/v1/apis/ask", params={name: evil}, json={"text": "hi"}, headers=headers)

    assert (named.status_code, nested.status_code, queried.status_code) == (422, 422, 422)
    assert (passed.status_code, [sent.url for sent in bridge.sent]) in (
        (200, ["https://mock.example/v1/chat/completions"]),
        (400, []),
        (422, []),
    )
    assert all(evil not in str(sent.headers) + sent.body.decode() for sent in bridge.sent)


@pytest.mark.parametrize("model", ["small", "api/ask"])
@pytest.mark.parametrize("name", ["api_base", "base_url", "x-portkey-custom-host", "x-portkey-config", "api_key"])
async def test_nothing_of_a_call_of_a_model_moves_where_it_is_asked(publish: Publish, model: str, name: str) -> None:
    """T26, with the members and headers that moved calls, keys along, of other gateways."""
    bridge = await publish()
    evil, asked = "https://evil.example/v1", {"model": model, **TURN}
    config = f'{{"custom_host": "{evil}", "base_url": "{evil}"}}'

    said = [
        await bridge.request("POST", "/v1/chat/completions", json={**asked, name: evil}),
        await bridge.request("POST", "/v1/chat/completions", params={name: evil}, json=asked),
        await bridge.request("POST", "/v1/chat/completions", json=asked, headers={name: evil}),
        await bridge.request("POST", "/v1/chat/completions", json=asked, headers={name: config}),
    ]

    assert said[-1].status_code == 200
    assert {one.status_code for one in said} <= {200, 400}
    assert [sent.url for sent in bridge.sent] == ["https://mock.example/v1/chat/completions"] * len(
        [one for one in said if one.status_code == 200]
    )
    assert {sent.headers["authorization"] for sent in bridge.sent} == {"Bearer sk-1"}


@pytest.mark.parametrize(
    "value",
    [
        *(
            "{{language}}",
            "{{text}}",
            "{{7*7}}",
            "{{text.__class__}}",
            "{% include '/etc/passwd' %}",
            "${7*7}",
            "%(x)s",
        ),
        *("{0.__class__}", "__import__('os').system('id')", "!!python/object/apply:os.system [id]", "$(id)", "\\{{x}}"),
    ],
)
async def test_what_callers_give_is_text_and_no_template(publish: Publish, value: str) -> None:
    """T20."""
    bridge = await publish(system="You say {{language}} {% x %} ${7*7} {0}.")

    posted = await bridge.request("POST", "/v1/apis/ask", json={"text": value, "language": value})
    got = await bridge.request("GET", "/v1/apis/ask", params={"text": value, "language": value})

    assert (posted.status_code, got.status_code) == (200, 200)
    for sent in bridge.sent:
        system, user = (one["content"] for one in json.loads(sent.body)["messages"])
        assert (system, user) == (f"You say {value} {{% x %}} ${{7*7}} {{0}}.", value)


async def test_events_stream_through_the_gateway(publish: Publish) -> None:
    bridge = await publish()

    reply = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"}, headers={"accept": "text/event-stream"})

    assert reply.headers["content-type"].startswith("text/event-stream")
    assert "event: delta" in reply.text
    assert "event: result" in reply.text


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_ledger_has_why_a_call_failed_as_it_has_of_the_model(publish: Publish, accept: str) -> None:
    bridge = await publish(output={"type": "json", "retries": 0})
    asked = {"model": "api/ask", "messages": [{"role": "user", "content": "hi"}]}

    reply = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"}, headers={"accept": accept})
    spoken = await bridge.request("POST", "/v1/chat/completions", json=asked)

    assert spoken.headers["x-tollbridge-cost-usd"] == "0.002"  # 1,000 x 1 + 500 x 2, per million tokens
    streams = accept != "application/json"
    assert "invalid_answer" in reply.text
    rows = {row.operation: row for row in await bridge.gateway.store.recent()}
    assert [(row.outcome, row.status, row.error, row.cost) for row in (rows[name] for name in CALLED)] == [
        ("upstream_failed", 200 if streams else 502, "invalid_answer", 1_000_000),
        ("upstream_failed", 502, "invalid_answer", 1_000_000),
    ]


async def test_overload_of_a_provider_comes_to_the_caller_with_when_to_come_again(publish: Publish) -> None:
    bridge = await publish()
    overload = {"error": {"message": "Overloaded", "type": "overloaded_error"}}
    for _ in range(2):
        bridge.upstream.reply(overload, status=529, headers=[("retry-after", "7")])

    whole = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"})
    events = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"}, headers={"accept": "text/event-stream"})

    for reply in (whole, events):
        assert (reply.status_code, reply.headers["retry-after"]) == (529, "7")
        assert reply.headers["content-type"] == "application/problem+json"
        assert (reply.json()["status"], reply.json()["title"]) == (529, "Server Error")
        assert reply.headers["x-request-id"].startswith("req_")


async def test_head_takes_no_toll_and_a_kept_answer_does(publish: Publish) -> None:
    bridge = await publish()

    for method in ("HEAD", "GET", "GET", "HEAD"):
        await bridge.request(method, "/v1/apis/ask", params={"text": "hi"})

    rows = [row for row in await bridge.gateway.store.recent() if not row.parent]
    assert sorted((row.cost, row.outcome) for row in rows) == [
        *[(0, "complete")] * 2,
        *[(1_000_000, "complete")] * 2,
    ]


async def test_model_is_shown_a_schema_in_the_order_it_was_written_in(publish: Publish) -> None:
    properties = {"reason": {"type": "string"}, "grade": {"type": "string"}}
    output = {"type": "json", "retries": 0, "schema": {"type": "object", "properties": properties}}
    bridge = await publish(output=output)

    await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"})

    shown = json.loads(bridge.sent[0].body)["response_format"]["json_schema"]["schema"]
    assert list(shown["properties"]) == ["reason", "grade"]
    wrong = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi", "mood": "x"})
    assert wrong.json()["detail"] == "/mood: there is no such variable; known: text, language"


async def test_draft_is_tried_on_the_account_of_who_asks_and_never_published(publish: Publish) -> None:
    bridge = await publish()
    gateway = bridge.gateway
    (service,) = await (await gateway.store.services()).list_services()
    await gateway.services.change(
        service.id, ServiceChange(draft=Design(name="Ask", definition={**DEFINITION, "system": "Be brief."}))
    )
    secret = await bridge.token("admin:services:*", "model:small")

    tried = await bridge.request(
        "POST", "/_tollbridge/api/v1/services/ask/try", token=secret, json={"body": {"text": "hi"}}
    )

    assert (tried.status_code, tried.json()["status"]) == (200, 200), tried.text
    assert json.loads(bridge.sent[0].body)["messages"][0]["content"] == "Be brief."
    await gateway.asking.settled()
    asked, call = sorted(await gateway.store.recent(), key=lambda row: row.model == "")
    assert (asked.token_id, asked.service, asked.model, asked.parent) == (call.token_id, "ask", "small", call.call_id)
    assert (call.service, call.operation, call.cost) == ("ask", "service:ask:call", 0)
    assert asked.cost
    assert tried.json()["headers"]["tollbridge-version"] == "draft"


async def test_nobody_tries_a_draft_whose_model_they_may_not_call(publish: Publish) -> None:
    bridge = await publish()
    secret = await bridge.token("admin:services:*", "model:other")

    tried = await bridge.request("POST", "/_tollbridge/api/v1/services/ask/try", token=secret, json={"body": {}})

    assert (tried.status_code, tried.json()["code"]) == (403, "scope_beyond")
    assert bridge.sent == []


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        (("admin:*", "model:*"), ["the model smal is not offered now, and calls are refused until it is"]),
        (("admin:*", "model:other"), []),
    ],
)
async def test_draft_is_warned_of_a_model_that_is_not_offered_where_its_reader_may_know(
    publish: Publish, scopes: tuple[str, ...], told: list[str]
) -> None:
    bridge = await publish(model="smal")

    draft = await bridge.request("GET", "/_tollbridge/api/v1/services/ask/draft", token=await bridge.token(*scopes))

    found = [one for one in draft.json()["problems"] if one["field"] == "definition"]
    assert ([one["message"] for one in found], all(one["warning"] for one in found)) == (told, True)


async def test_declined_call_is_no_failure_of_its_release(publish: Publish) -> None:
    bridge = await publish()
    message = {"role": "assistant", "content": ""}
    choices = [{"index": 0, "message": message, "finish_reason": "content_filter"}]
    usage = {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}
    bridge.upstream.reply({"id": "c", "created": 1, "model": "tiny-1", "choices": choices, "usage": usage})
    bridge.upstream.reply({"error": {"message": "too long", "code": "context_length_exceeded"}}, status=400)

    declined = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"})
    too_long = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"})

    assert (declined.status_code, too_long.status_code) == (422, 413)
    assert declined.headers["x-tollbridge-cost-usd"] == "0.000012"  # 10 x 1 + 1 x 2 millionths
    rows = [row for row in await bridge.gateway.store.recent() if row.operation == "service:ask:call"]
    assert sorted((row.outcome, row.status, row.error, row.cost) for row in rows) == [
        ("refused", 413, "prompt_too_long", 0),
        ("refused", 422, "model_declined", 0),
    ]


async def test_release_is_published_after_its_test_set_passed(publish: Publish) -> None:
    bridge = await publish()
    services = bridge.gateway.services
    (service,) = await (await bridge.gateway.store.services()).list_services()
    tests = {"cases": [{"name": "a", "variables": {"text": "hi"}, "expect": [{"max_cost_usd": "1"}]}]}
    await services.change(
        service.id, ServiceChange(draft=Design(name="Ask", definition={**DEFINITION, "tests": tests}))
    )
    await services.release(service.id, version="2")
    secret = await bridge.token("admin:*", "model:small")
    at = "/_tollbridge/api/v1/services/ask/releases/2"

    early = await bridge.request("POST", f"{at}/publish", token=secret)
    proved = await bridge.request("POST", f"{at}/prove", token=secret)
    live = await bridge.request("POST", f"{at}/publish", token=secret)

    assert (early.status_code, early.json()["code"]) == (409, "not_proven")
    assert proved.json()["evaluation"]["cases_passed"] == 1
    assert float(proved.json()["evaluation"]["cost_usd"]) > 0
    assert live.json()["state"] == "live"
    await bridge.gateway.asking.settled()
    rows = await bridge.gateway.store.recent()
    assert [row.service for row in rows if row.model == "small"] == ["ask"]
