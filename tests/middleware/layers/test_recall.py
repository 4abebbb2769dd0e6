"""Answers that callers come back to: whose they are, where they are kept, and conversations that go on elsewhere."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from tollbridge.call import open_call
from tollbridge.errors import InternalError, SetupError, Unavailable
from tollbridge.layers import turns
from tollbridge.layers.recall import Recall
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import scope_set

PROVIDERS = {
    "keeper": {
        "base_urls": {"openai-responses": "https://keeper.example/v1"},
        "dialect": "openai-responses",
        "keeps_answers": True,
        "api_key": "env:MOCK_KEY",
    },
    "second": {
        "base_urls": {"openai-responses": "https://second.example/v1"},
        "dialect": "openai-responses",
        "keeps_answers": True,
        "api_key": "env:MOCK_KEY",
    },
    "plain": {
        "base_urls": {"openai-responses": "https://plain.example/v1"},
        "dialect": "openai-responses",
        "api_key": "env:MOCK_KEY",
    },
    "other": {"base_url": "https://other.example/v1", "dialect": "openai-chat", "api_key": "env:MOCK_KEY"},
}
MODELS = {
    name: {"targets": targets, "price": {"input": "1", "output": "1"}}
    for name, targets in {
        "kept": ["keeper/k"],
        "second": ["second/s"],
        "plain": ["plain/p"],
        "other": ["other/o"],
        "either": ["keeper/k", "other/o"],
    }.items()
}
WHOLE = {"answers": {"keep": True}}
USAGE = {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8}


@pytest.fixture
def bridge(mock):
    def make(**sections: Any) -> Any:
        return mock(providers=PROVIDERS, models=MODELS, **sections)

    return make


def message(text: str, id: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": id, "role": "assistant", "status": "completed", "content": content}


def answer(id: str = "resp_1", text: str = "Four.", **more: Any) -> dict[str, Any]:
    said = {"id": id, "object": "response", "status": "completed", "model": "k", "created_at": 1}
    return {**said, "output": [message(text, f"msg_{id}")], "usage": USAGE, **more}


def chat(text: str = "Five.") -> dict[str, Any]:
    choices = [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]
    return {"id": "chatcmpl-1", "created": 1, "model": "o", "object": "chat.completion", "choices": choices}


async def ask(gw: Any, model: str, **fields: Any) -> Any:
    token = fields.pop("token", None)
    body = {"model": model, "input": "What is 2 + 2?", **fields}
    return await gw.request("POST", "/v1/responses", token=token, json=body)


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


def code(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


# where the provider keeps answers


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/v1/responses/resp_1", "?include[]=x&stream=false"),
        ("GET", "/v1/responses/resp_1/input_items", "?limit=1"),
        ("POST", "/v1/responses/resp_1/cancel", ""),
        ("DELETE", "/v1/responses/resp_1", ""),
        ("GET", "/openai/v1/responses/resp_1", ""),
    ],
)
async def test_request_about_an_answer_goes_to_the_provider_that_keeps_it(bridge, method, path, query, keep) -> None:
    gw = bridge(answers={"keep": keep})
    gw.upstream.reply(answer())
    gw.upstream.reply(b'{ "as":"it comes" }')
    await ask(gw, "kept")

    reply = await gw.request(method, path + query)

    assert (reply.status_code, reply.content) == (200, b'{ "as":"it comes" }')
    sent = gw.sent[-1]
    assert (sent.method, sent.url) == (method, f"https://keeper.example{path.removeprefix('/openai')}{query}")
    assert sent.headers["authorization"] == "Bearer sk-upstream-secret"
    (row,) = [row for row in await gw.gateway.store.recent() if not row.model]
    assert (row.provider, row.operation, row.cost, row.usage.total) == ("keeper", "ai:chat", 0, 0)


async def test_request_goes_on_untouched_at_the_provider_that_keeps_its_answer(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply(answer("resp_2"))
    await ask(gw, "kept")
    body = b'{ "model":"kept", "previous_response_id":"resp_1", "input":"and 3?" }'

    reply = await gw.request("POST", "/v1/responses", content=body, headers={"content-type": "application/json"})

    assert reply.status_code == 200
    assert gw.sent[-1].body == body.replace(b'"kept"', b'"k"')


async def test_deleted_answer_is_forgotten_and_one_that_could_not_be_deleted_is_not(bridge) -> None:
    gw = bridge()
    gw.upstream.reply(answer())
    gw.upstream.reply({"error": {"message": "not now"}}, status=500)
    gw.upstream.reply({"id": "resp_1", "object": "response", "deleted": True})
    await ask(gw, "kept")

    failed = await gw.request("DELETE", "/v1/responses/resp_1")
    deleted = await gw.request("DELETE", "/v1/responses/resp_1")
    again = await gw.request("DELETE", "/v1/responses/resp_1")

    assert [failed.status_code, deleted.status_code, again.status_code] == [500, 200, 404]


async def test_answer_that_its_provider_has_no_more_is_forgotten_when_it_is_deleted(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply({"error": {"message": "gone"}}, status=404)
    await ask(gw, "kept")

    assert (await gw.request("DELETE", "/v1/responses/resp_1")).status_code == 404
    assert code(await ask(gw, "other", previous_response_id="resp_1")) == (400, "previous_response_not_found")
    assert len(gw.sent) == 2


@pytest.mark.parametrize("streamed", [False, True])
async def test_answer_is_remembered_before_its_end_is_passed_on(bridge, streamed) -> None:
    gw = bridge(**WHOLE)
    if streamed:
        done = {"type": "response.completed", "sequence_number": 1, "response": answer()}
        gw.upstream.stream([b"event: response.completed\ndata: %b\n\n" % json.dumps(done).encode()])
    else:
        gw.upstream.reply(answer())
    gw.upstream.reply(chat())

    await ask(gw, "kept", stream=streamed)
    reply = await ask(gw, "other", input="and 3?", previous_response_id="resp_1")

    assert reply.status_code == 200
    assert gw.sent[-1].json()["messages"] == [
        {"role": "user", "content": "What is 2 + 2?"},
        {"role": "assistant", "content": "Four."},
        {"role": "user", "content": "and 3?"},
    ]


# whose an answer is


@pytest.mark.parametrize("keep", [False, True])
async def test_answer_of_another_token_is_as_if_there_were_none(bridge, keep) -> None:
    gw = bridge(answers={"keep": keep})
    gw.upstream.reply(answer())
    stranger = await gw.token()
    await ask(gw, "kept")

    found = await gw.request("GET", "/v1/responses/resp_1", token=stranger)
    unknown = await gw.request("GET", "/v1/responses/resp_9", token=stranger)
    goes_on = await ask(gw, "kept", previous_response_id="resp_1", token=stranger)
    never_was = await ask(gw, "kept", previous_response_id="resp_9", token=stranger)

    assert (code(found), code(unknown)) == ((404, "not_found"),) * 2
    assert found.json()["error"]["message"].replace("_1", "_9") == unknown.json()["error"]["message"]
    assert (code(goes_on), code(never_was)) == ((400, "previous_response_not_found"),) * 2
    assert len(gw.sent) == 1


async def test_stranger_cannot_take_an_answer_over_by_an_answer_of_the_same_id(bridge) -> None:
    gw = bridge()
    gw.upstream.reply(answer())
    gw.upstream.reply(answer())
    await ask(gw, "kept")
    stranger = await gw.token()
    await ask(gw, "kept", token=stranger)

    assert (await gw.request("GET", "/v1/responses/resp_1", token=stranger)).status_code == 404


@pytest.mark.parametrize("reply", [answer(id=""), answer(status="failed", output=[]), {"id": 7}, {}])
async def test_answer_without_an_id_is_not_kept_and_passed_on_all_the_same(bridge, reply) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(reply)

    assert (await ask(gw, "kept")).json() == reply
    assert (await gw.request("GET", "/v1/responses/resp_9")).status_code == 404


async def test_answer_that_is_not_whole_keeps_its_place_and_not_its_content(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer(status="in_progress"))
    await ask(gw, "plain")

    refused = await gw.request("GET", "/v1/responses/resp_1")

    assert code(refused) == (404, "not_found")
    assert "is not kept" in refused.json()["error"]["message"]


async def test_answer_nobody_wants_kept_is_not_kept(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    await ask(gw, "kept", store=False)

    assert code(await gw.request("GET", "/v1/responses/resp_1")) == (404, "not_found")


async def test_refused_request_leaves_nothing_to_come_back_to(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply({**answer(), "error": {"message": "no"}}, status=400)
    await ask(gw, "kept")

    assert code(await gw.request("GET", "/v1/responses/resp_1")) == (404, "not_found")


async def test_answer_is_there_for_as_many_days_as_it_is_kept(bridge) -> None:
    gw = bridge(answers={"keep_days": 2})
    gw.upstream.reply(answer())
    gw.upstream.reply({"here": True})
    await ask(gw, "kept")
    gw.clock.advance(2 * 86_400 - 1)
    assert (await gw.request("GET", "/v1/responses/resp_1")).status_code == 200

    gw.clock.advance(1)

    assert (await gw.request("GET", "/v1/responses/resp_1")).status_code == 404


# where the bridge keeps the content


async def test_conversation_goes_on_at_one_provider_after_another(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer("resp_1", "Four."))
    gw.upstream.reply(chat("Seven."))
    gw.upstream.reply(answer("resp_3", "Twelve."))
    gw.upstream.reply(chat("Twenty."))

    await ask(gw, "kept", instructions="Be short.")
    second = await ask(gw, "other", input="plus 3?", previous_response_id="resp_1")
    third = await ask(gw, "plain", input="plus 5?", previous_response_id=second.json()["id"])
    fourth = await ask(gw, "other", input="plus 8?", previous_response_id=third.json()["id"])

    assert second.json()["previous_response_id"] == "resp_1"
    assert fourth.json()["previous_response_id"] == "resp_3"
    at_plain = gw.sent[2].json()
    assert "previous_response_id" not in at_plain
    assert [item.get("role") for item in at_plain["input"]] == ["user", "assistant", "user", "assistant", "user"]
    words = [
        part if isinstance(part, str) else part[0]["text"]
        for part in (said["content"] for said in gw.sent[3].json()["messages"])
    ]
    assert words == ["What is 2 + 2?", "Four.", "plus 3?", "Seven.", "plus 5?", "Twelve.", "plus 8?"]


async def test_what_is_recalled_is_reserved_for(bridge) -> None:
    gw = bridge(**WHOLE, budgets={"daily_usd": "0.01"})
    gw.upstream.reply(answer())
    first = await ask(gw, "kept", input="x" * 4_000, max_output_tokens=10)
    assert first.status_code == 200

    refused = await ask(gw, "other", input="x" * 7_000, previous_response_id="resp_1", max_output_tokens=10)

    assert code(refused) == (429, "insufficient_quota")


@pytest.mark.parametrize("streamed", [False, True])
async def test_answer_of_another_dialect_is_given_back_as_it_was_told(bridge, streamed) -> None:
    gw = bridge(**WHOLE)
    if not streamed:
        gw.upstream.reply(chat())
    told = await ask(gw, "other", stream=streamed)
    said = events(told.text)[-1]["response"] if streamed else told.json()

    found = await gw.request("GET", f"/v1/responses/{said['id']}")

    assert found.json() == said
    assert said["store"] is True
    assert len(gw.sent) == 1


async def test_items_that_were_asked_are_listed_with_ids(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(chat())
    asked = [{"role": "user", "content": "one"}, {"type": "message", "id": "msg_own", "role": "user", "content": "two"}]
    said = (await ask(gw, "other", input=asked)).json()

    listed = (await gw.request("GET", f"/v1/responses/{said['id']}/input_items?order=asc")).json()

    assert [item["content"] for item in listed["data"]] == ["one", "two"]
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == (listed["data"][0]["id"], "msg_own", False)


async def test_answer_kept_here_is_deleted_here(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(chat())
    id = (await ask(gw, "other")).json()["id"]

    deleted = await gw.request("DELETE", f"/v1/responses/{id}")

    assert deleted.json() == {"id": id, "object": "response", "deleted": True}
    assert code(await gw.request("GET", f"/v1/responses/{id}")) == (404, "not_found")
    assert code(await ask(gw, "other", previous_response_id=id)) == (400, "previous_response_not_found")


async def test_answer_whose_content_nobody_keeps_can_be_forgotten(bridge) -> None:
    gw = bridge()
    gw.upstream.reply(chat())
    id = (await ask(gw, "other")).json()["id"]

    deleted = await gw.request("DELETE", f"/v1/responses/{id}")

    assert deleted.json() == {"id": id, "object": "response", "deleted": True}
    assert (await gw.request("DELETE", f"/v1/responses/{id}")).status_code == 404


async def test_answer_is_not_deleted_by_a_request_that_is_too_many(bridge) -> None:
    gw = bridge(**WHOLE, limits={"requests_per_minute": 1})
    gw.upstream.reply(chat())
    id = (await ask(gw, "other")).json()["id"]

    refused = await gw.request("DELETE", f"/v1/responses/{id}")
    gw.clock.advance(60)

    assert code(refused) == (429, "rate_limit_exceeded")
    assert (await gw.request("GET", f"/v1/responses/{id}")).json()["id"] == id


async def test_answer_kept_here_cannot_be_cancelled_or_streamed_again(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(chat())
    id = (await ask(gw, "other")).json()["id"]

    cancelled = await gw.request("POST", f"/v1/responses/{id}/cancel")
    streamed = await gw.request("GET", f"/v1/responses/{id}?stream=true")

    assert (code(cancelled), code(streamed)) == ((400, "invalid_request"),) * 2


async def test_items_of_earlier_answers_are_meant_by_their_ids(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply(chat())
    await ask(gw, "kept")
    asked = [{"type": "item_reference", "id": "msg_resp_1"}, {"role": "user", "content": "and 3?"}]

    reply = await ask(gw, "other", input=asked, store=False)

    assert reply.status_code == 200
    assert [said["role"] for said in gw.sent[-1].json()["messages"]] == ["assistant", "user"]


async def test_what_was_meant_by_references_is_said_again_further_on(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer("resp_1", "Four."))
    gw.upstream.reply(answer("resp_2", "Seven."))
    gw.upstream.reply(chat())
    await ask(gw, "kept")
    asked = [{"type": "item_reference", "id": "msg_resp_1"}, {"role": "user", "content": "and 3?"}]
    await ask(gw, "kept", input=asked)  # passes as it is: its provider keeps what it refers to
    assert gw.sent[-1].json()["input"] == asked

    await ask(gw, "other", input="and 5?", previous_response_id="resp_2")

    said = [(message["role"], message["content"]) for message in gw.sent[-1].json()["messages"]]
    assert [role for role, _ in said] == ["assistant", "user", "assistant", "user"]
    assert said[0][1] == "Four."


async def test_references_of_a_request_nobody_wants_kept_pass_without_a_look_at_what_they_mean(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply(answer("resp_2"))
    await ask(gw, "kept")
    store = gw.gateway.store
    principal = (await store.list_tokens())[0].id
    store.keep(await store.find_answer("resp_1", principal), b"\x01damaged")
    asked = [{"type": "item_reference", "id": "msg_resp_1"}, {"role": "user", "content": "and 3?"}]

    reply = await ask(gw, "kept", input=asked, store=False)

    assert reply.status_code == 200
    assert gw.sent[-1].json()["input"] == asked


async def test_turn_that_refers_to_what_only_its_provider_has_does_not_go_on_elsewhere(bridge, monkeypatch) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply(answer("resp_2"))
    monkeypatch.setattr(turns, "MOST_KEPT", 100)
    await ask(gw, "kept")
    monkeypatch.undo()
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    await ask(gw, "kept", input=[{"type": "item_reference", "id": "msg_resp_1"}])

    assert code(await ask(gw, "other", previous_response_id="resp_2")) == (400, "previous_response_not_found")


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("model", ["kept", "either", "plain", "other"])
async def test_item_of_another_token_is_as_if_there_were_none(bridge, model, keep) -> None:
    gw = bridge(answers={"keep": keep})
    gw.upstream.reply(answer())
    stranger = await gw.token()
    await ask(gw, "kept")

    found = await ask(gw, model, input=[{"type": "item_reference", "id": "msg_resp_1"}], token=stranger)
    unknown = await ask(gw, model, input=[{"type": "item_reference", "id": "msg_resp_9"}], token=stranger)

    assert (found.status_code, unknown.status_code) == (400, 400)
    assert found.json()["error"] | {"message": ""} == unknown.json()["error"] | {"message": ""}
    assert found.json()["error"]["message"] == "Item with id 'msg_resp_1' not found."
    assert unknown.json()["error"]["param"] == "input"
    assert len(gw.sent) == 1


async def test_item_of_another_token_is_nobodys_by_calling_ones_own_the_same(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply(answer("resp_2"))
    stranger = await gw.token()
    await ask(gw, "kept")
    own = {"type": "message", "id": "msg_resp_1", "role": "user", "content": "mine"}
    await ask(gw, "kept", input=[own], token=stranger)

    refused = await ask(gw, "kept", input=[{"type": "item_reference", "id": "msg_resp_1"}], token=stranger)

    assert refused.json()["error"]["message"] == "Item with id 'msg_resp_1' not found."
    assert len(gw.sent) == 2


async def test_reasoning_of_another_token_is_not_looked_up(bridge) -> None:
    gw = bridge()
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    gw.upstream.reply(answer(output=[thought]))
    for number in (2, 3, 4):
        gw.upstream.reply(answer(f"resp_{number}"))
    stranger = await gw.token()
    await ask(gw, "kept")
    echoed = [thought, {"role": "user", "content": "and?"}]

    own = await ask(gw, "kept", input=echoed)
    unknown = await ask(gw, "kept", input=[{**thought, "id": "rs_9"}], token=stranger)
    anothers = await ask(gw, "kept", input=echoed, token=stranger)
    where_nothing_is_looked_up = await ask(gw, "plain", input=echoed, token=stranger)

    assert [own.status_code, unknown.status_code, where_nothing_is_looked_up.status_code] == [200, 200, 200]
    assert (anothers.status_code, anothers.json()["error"]["param"]) == (400, "input")
    assert len(gw.sent) == 4


async def test_content_is_sealed_in_the_file(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer(text="a hushed answer"))
    await ask(gw, "kept", input="a hushed question")
    await gw.gateway.store.find_answer("resp_1", "")

    path = gw.gateway.config.data / "tollbridge.db"
    with closing(sqlite3.connect(path)) as db:
        ((content,),) = db.execute("SELECT content FROM kept_answer").fetchall()

    assert b"hushed" not in content
    assert b"hushed" not in path.read_bytes() + path.with_name("tollbridge.db-wal").read_bytes()


async def test_content_of_one_answer_does_not_open_as_anothers(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply(answer("resp_2"))
    gw.upstream.reply(answer("resp_3"))
    stranger = await gw.token()
    await ask(gw, "kept")
    await ask(gw, "kept")
    await ask(gw, "kept", token=stranger)
    store = gw.gateway.store
    kept = [await store.find_answer(id, token.id) for token in await store.list_tokens() for id in ("resp_1", "resp_3")]
    first, third = sorted((found for found in kept if found is not None), key=lambda found: found.id)
    content = (await store.contents(["resp_1"], first.token_id))["resp_1"]
    second = await store.find_answer("resp_2", first.token_id)

    store.keep(second, content)  # of the same token
    await store.forget_answer("resp_1", first.token_id)
    store.keep(replace(third, id="resp_1"), content)  # under the same id

    assert code(await ask(gw, "other", previous_response_id="resp_2")) == (503, "unavailable")
    assert code(await ask(gw, "other", previous_response_id="resp_1", token=stranger)) == (503, "unavailable")
    assert len(gw.sent) == 3


async def test_content_that_does_not_open_refuses_to_go_on(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    await ask(gw, "kept")
    store = gw.gateway.store
    principal = (await store.list_tokens())[0].id
    found = await store.find_answer("resp_1", principal)
    store.keep(found, b"\x01damaged")

    refused = await ask(gw, "other", previous_response_id="resp_1")

    assert code(refused) == (503, "unavailable")
    assert len(gw.sent) == 1


async def test_answer_that_is_forgotten_meanwhile_does_not_go_on(bridge, monkeypatch) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    await ask(gw, "kept")
    store = gw.gateway.store
    contents = store.contents

    async def after_somebody_forgot_it(ids: list[str], token_id: str) -> Any:
        await store.forget_answer("resp_1", token_id)
        return await contents(ids, token_id)

    monkeypatch.setattr(store, "contents", after_somebody_forgot_it)

    assert code(await ask(gw, "other", previous_response_id="resp_1")) == (400, "previous_response_not_found")


async def test_conversation_is_not_put_into_a_call_nobody_has_reckoned_with(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    await ask(gw, "kept")
    gateway = gw.gateway
    call = open_call({"type": "http", "method": "POST", "path": "/v1/responses", "headers": []}, gw.clock)
    call.dialect = gateway.registry.dialects["openai-responses"]
    call.operation = call.dialect.operations[0]
    call.body = b'{"model":"other","input":"","previous_response_id":"resp_1"}'
    call.targets = gateway.routes.resolve("other")
    call.principal = Principal((await gateway.store.list_tokens())[0].id, "test", scope_set("ai:chat"))
    layer = Recall(None, store=gateway.store, resolve=gateway.routes.resolve, box=gateway.box)

    assert layer.body(call) is None  # nobody has read what it wishes
    call.envelope = call.dialect.read_envelope(call.operation, call.path, call.body)
    with pytest.raises(InternalError):
        await layer.body(call)


async def test_conversation_that_is_too_long_is_refused(bridge, monkeypatch) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer(text="x" * 5_000))
    await ask(gw, "kept")
    monkeypatch.setattr(turns, "MOST_RECALLED", 5_000)

    assert code(await ask(gw, "other", previous_response_id="resp_1")) == (413, "body_too_large")


async def test_turn_that_is_too_long_keeps_its_place_and_not_its_content(bridge, monkeypatch) -> None:
    monkeypatch.setattr(turns, "MOST_KEPT", 100)
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply(answer("resp_2"))
    await ask(gw, "kept")

    assert (await ask(gw, "kept", previous_response_id="resp_1")).status_code == 200
    assert code(await ask(gw, "other", previous_response_id="resp_2")) == (400, "previous_response_not_found")


async def test_turn_of_too_many_items_keeps_its_place_and_not_its_content(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    await ask(gw, "kept", input=[{"role": "user", "content": ""}] * 4_097)

    assert code(await ask(gw, "other", previous_response_id="resp_1")) == (400, "previous_response_not_found")


async def test_key_that_cannot_seal_is_told_at_the_start(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.gateway.data.create()
    path = gw.gateway.config.data / "kek"
    path.write_text("cd" + "ab" * 32)
    path.chmod(0o600)

    with pytest.raises(SetupError, match="must be 32 bytes"):
        await gw.client()


async def test_conversation_whose_beginning_is_gone_does_not_go_on_elsewhere(bridge) -> None:
    gw = bridge(**WHOLE)
    gw.upstream.reply(answer())
    gw.upstream.reply(answer("resp_2"))
    gw.upstream.reply({"deleted": True})
    await ask(gw, "kept")
    await ask(gw, "kept", previous_response_id="resp_1")
    await gw.request("DELETE", "/v1/responses/resp_1")

    assert code(await ask(gw, "other", previous_response_id="resp_2")) == (400, "previous_response_not_found")


# where nobody keeps the content


@pytest.mark.parametrize("model", ["other", "plain", "second"])
async def test_other_provider_cannot_go_on_and_says_what_to_do(bridge, model) -> None:
    gw = bridge()
    gw.upstream.reply(answer())
    await ask(gw, "kept")

    refused = await ask(gw, model, previous_response_id="resp_1")

    assert code(refused) == (400, "previous_response_not_found")
    error = refused.json()["error"]
    assert error["param"] == "previous_response_id"
    assert "[answers]" in error["message"]
    assert "'store'" in error["message"]
    assert len(gw.sent) == 1


async def test_of_several_targets_only_the_keeper_is_asked(bridge) -> None:
    gw = bridge()
    gw.upstream.reply(answer())
    gw.upstream.reply({"error": {"message": "busy"}}, status=503)
    await ask(gw, "kept")

    reply = await ask(gw, "either", previous_response_id="resp_1")

    assert reply.status_code == 503
    assert [sent.url for sent in gw.sent] == ["https://keeper.example/v1/responses"] * 2


async def test_answer_whose_content_nobody_keeps_is_not_given(bridge) -> None:
    gw = bridge()
    gw.upstream.reply(chat())
    said = (await ask(gw, "other")).json()

    refused = await gw.request("GET", f"/v1/responses/{said['id']}")

    assert said["store"] is False
    assert code(refused) == (404, "not_found")
    assert "[answers]" in refused.json()["error"]["message"]


async def test_store_that_fails_costs_nobody_an_answer(bridge, monkeypatch) -> None:
    gw = bridge()
    gw.upstream.reply(answer())

    def fail(*_: object) -> None:
        raise Unavailable("the store is gone")

    await gw.client()
    monkeypatch.setattr(gw.gateway.store, "keep", fail)
    with capture_logs() as logs:
        assert (await ask(gw, "kept")).status_code == 200

    assert "answer_not_kept" in [entry["event"] for entry in logs]


async def test_token_needs_the_scope_of_chats_to_come_back(bridge) -> None:
    gw = bridge()

    refused = await gw.request("GET", "/v1/responses/resp_1", token=await gw.token("ai:embeddings", "model:*"))

    assert code(refused) == (403, "insufficient_scope")


async def test_answers_on_a_public_path_belong_to_nobody(bridge) -> None:
    gw = bridge(server={"public": ["/v1/responses"]})
    gw.upstream.reply(answer())
    await ask(gw, "kept", token="")

    assert code(await ask(gw, "kept", token="", previous_response_id="resp_1")) == (400, "previous_response_not_found")
    assert code(await gw.request("GET", "/v1/responses/resp_1")) == (404, "not_found")
