import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.plugins.prompts.speaking import JSON_OUT, Caller, Says, Silent, defined, words

from tollbridge import BadRequest, BudgetExceeded, Denied, GatewayError, RateLimited, Unavailable, UpstreamError
from tollbridge.administering import MethodNotAllowed
from tollbridge.formats import Stop
from tollbridge_prompts.app import check_method, methods_of, offered

GET = {"max_age_s": 60}
EVENTS = {"accept": "text/event-stream"}
PLAIN = {"accept": "text/plain"}


async def test_text_is_answered_as_text() -> None:
    caller = Caller(defined(), " hello \n")

    reply = await caller.post({"text": "x"})

    assert (reply.status, reply.body) == (200, b"hello")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["x-tollbridge-cost-usd"] == "0.000002"
    assert reply.headers["tollbridge-version"] == "1.2"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in reply.headers["content-security-policy"]
    assert reply.headers["content-length"] == "5"
    assert words(caller.models.asked[0])[0][1] == "x"


async def test_text_is_answered_as_json_to_who_wants_that() -> None:
    reply = await Caller(defined(), '{"a": 1}').post({"text": "x"}, headers={"accept": "application/json"})

    assert reply.json() == {"text": '{"a": 1}'}
    assert reply.headers["content-type"] == "application/json"


async def test_json_is_the_value_itself() -> None:
    reply = await Caller(defined(output=JSON_OUT), '```json\n{"label": "good"}\n```').post({"text": "x"})

    assert reply.body == b'{"label":"good"}'


async def test_json_that_is_a_string_stays_one() -> None:
    reply = await Caller(defined(output={"type": "json"}), '"hello"').post({"text": "x"})

    assert reply.body == b'"hello"'


async def test_text_has_the_media_type_of_the_definition() -> None:
    reply = await Caller(defined(output={"media_type": "text/markdown"}), "# a").post({"text": "x"})

    assert reply.headers["content-type"] == "text/markdown; charset=utf-8"


async def test_cost_of_all_attempts_is_told() -> None:
    reply = await Caller(defined(output=JSON_OUT), "{}", '{"label":"bad"}').post({"text": "x"})

    assert reply.headers["x-tollbridge-cost-usd"] == "0.000004"


async def test_cost_that_is_not_known_is_not_told() -> None:
    reply = await Caller(defined(), Says("a", cost=None)).post({"text": "x"})

    assert "x-tollbridge-cost-usd" not in reply.headers


@pytest.mark.parametrize("body", [None, {}])
async def test_body_may_be_empty_where_nothing_is_required(body: Any) -> None:
    definition = defined(variables={"text": {"default": "usual"}})
    caller = Caller(definition, "a")

    assert (await caller.post(body)).status == 200
    assert words(caller.models.asked[0])[0][1] == "usual"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{}", {"content-type": "text/plain"}, 415, "unsupported_media_type"),
        (b"{}", {"content-type": ""}, 415, "unsupported_media_type"),
        (b"{}", {"content-type": "application/json; charset=latin-1"}, 415, "unsupported_media_type"),
        (b"{}", {"content-encoding": "gzip"}, 415, "unsupported_media_type"),
        (b"{", {}, 400, "invalid_json"),
        (b"\xff", {}, 400, "invalid_json"),
        (b'{"text": 1, "text": 2}', {}, 400, "invalid_json"),
        (b"[]", {}, 422, "invalid_fields"),
        (b'"x"', {}, 422, "invalid_fields"),
        (b"{}", {}, 422, "invalid_fields"),
        (b"", {}, 422, "invalid_fields"),
        (b'{"text": 1}', {}, 422, "invalid_fields"),
        (b'{"text": "' + b"a" * 1024 * 1024 + b'"}', {}, 413, "body_too_large"),
        (b"{}", {"accept": "text/html"}, 406, "not_acceptable"),
        (b"{}", {"accept": "*/*;q=0"}, 406, "not_acceptable"),
    ],
)
async def test_what_cannot_be_used_is_a_problem(body: bytes, headers: Any, status: int, code: str) -> None:
    caller = Caller(defined())

    reply = await caller.post(body, headers=headers)

    assert reply.status == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["cache-control"] == "no-store"
    problem = reply.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert caller.models.asked == []


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON", 'application/json; charset="UTF-8"'])
async def test_json_is_taken_however_its_type_is_written(kind: str) -> None:
    assert (await Caller(defined(), "a").post({"text": "x"}, headers={"content-type": kind})).status == 200


async def test_each_field_is_named_and_no_value() -> None:
    reply = await Caller(
        defined(user="{{text}}{{n}}", variables={"text": {"type": "string"}, "n": {"minimum": 3}})
    ).post({"text": 77123, "n": 2, "extra": "s3cret"})

    assert reply.json()["errors"] == [
        {"field": "/text", "detail": "it must be a string"},
        {"field": "/n", "detail": "it must be at least 3"},
        {"field": "/extra", "detail": "there is no such variable; known: text, n"},
    ]
    assert b"77123" not in reply.body
    assert b"s3cret" not in reply.body


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (RateLimited("slow", retry_after_s=2.1), 429, "3"),
        (BudgetExceeded("spent"), 429, None),
        (Unavailable("later", retry_after_s=1), 503, "1"),
        (Denied("no"), 403, None),
    ],
)
async def test_refusal_of_the_gateway_is_a_problem(error: GatewayError, status: int, retry_after: str | None) -> None:
    reply = await Caller(defined(), error).post({"text": "x"})

    assert reply.status == status
    assert reply.json()["code"] == error.code
    assert reply.headers.get("retry-after") == retry_after
    assert reply.headers["tollbridge-version"] == "1.2"


async def test_answer_that_never_fits_is_a_bad_gateway() -> None:
    reply = await Caller(defined(output=JSON_OUT), "{}", "{}").post({"text": "x"})

    assert reply.status == 502
    assert reply.json()["code"] == "invalid_answer"


async def test_answer_that_never_fits_says_what_it_cost() -> None:
    definition = defined(output=JSON_OUT)

    whole = await Caller(definition, "{}", "{}").post({"text": "x"})
    events = await Caller(definition, "{}", "{}").post({"text": "x"}, headers=EVENTS)
    unknown = await Caller(definition, "{}", Says("{}", cost=None)).post({"text": "x"})

    took = {"attempts": 2, "usage": {"input_tokens": 200, "output_tokens": 20}, "cost_usd": "0.000004"}
    assert whole.headers["x-tollbridge-cost-usd"] == "0.000004"
    assert took.items() <= whole.json().items()
    assert events.events()[-1][0] == "error"
    assert took.items() <= events.events()[-1][1].items()
    assert ("x-tollbridge-cost-usd" in unknown.headers, "cost_usd" in unknown.json()) == (False, False)


@pytest.mark.parametrize(
    ("method", "accept"),
    [("POST", "application/json"), ("POST", "text/event-stream"), ("POST", "text/plain"), ("GET", "text/plain")],
)
async def test_caller_who_leaves_ends_what_is_asked(method: str, accept: str) -> None:
    caller = Caller(defined(get=GET))
    caller.models = silent = Silent()
    body = b'{"text": "x"}' if method == "POST" else b""
    headers = {"accept": accept, "content-type": "application/json"}

    calling = asyncio.ensure_future(caller.send(method, body, query="text=x" if not body else "", headers=headers))
    await silent.begun.wait()
    caller.leaves.set()
    reply = await calling

    assert silent.left
    assert reply.status == 0


async def test_what_a_model_could_not_be_told_is_told_to_the_caller() -> None:
    caller = Caller(
        defined(output=JSON_OUT, get=GET),
        *[Says("{}", dropped=("top_k",)), Says('{"label":"bad"}', dropped=("seed",))] * 2,
    )

    whole = await caller.get("text=x")
    kept = await caller.get("text=x")
    events = await caller.post({"text": "x"}, headers=EVENTS)

    assert whole.headers["x-tollbridge-dropped"] == kept.headers["x-tollbridge-dropped"] == "top_k, seed"
    assert events.events()[-1][1]["dropped"] == ["top_k", "seed"]


async def test_answer_says_why_it_ended() -> None:
    caller = Caller(defined(), "a", Says("a b", stop=Stop.LENGTH))

    replies = [await caller.post({"text": "x"}), await caller.post({"text": "x"})]

    assert [one.headers["x-tollbridge-stop"] for one in replies] == ["end", "length"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    "error",
    [
        BadRequest("max_tokens of secret words", code="too_large", param="max_tokens"),
        BadRequest("secret words", status=422, code="too_large", param="max_tokens"),
    ],
)
async def test_request_that_the_model_does_not_take_is_no_matter_of_the_caller(error: BadRequest, accept: str) -> None:
    caller = Caller(defined(), error)

    with capture_logs() as logs:
        reply = await caller.post({"text": "x"}, headers={"accept": accept})

    assert (reply.status, reply.json()["code"]) == (502, "model_refused")
    assert logs[0]["detail"] == f"it was refused with {error.status} too_large about max_tokens"
    assert "secret words" not in f"{reply.body!r}{logs}"


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadRequest("secret words", code="context_length_exceeded"), 413, "prompt_too_long"),
        (BadRequest("prompt is too long: 9 tokens > 8 maximum"), 413, "prompt_too_long"),
        (BadRequest("The input token count (9) exceeds the maximum number"), 413, "prompt_too_long"),
        (BadRequest("secret words", status=413), 413, "prompt_too_long"),
        (BadRequest("secret words", code="content_policy_violation"), 422, "model_declined"),
        (BadRequest("Output blocked by content filtering policy"), 422, "model_declined"),
    ],
)
async def test_what_the_model_does_not_take_of_the_callers_words_is_theirs(
    error: BadRequest, status: int, code: str, accept: str
) -> None:
    caller = Caller(defined(), error)

    with capture_logs() as logs:
        reply = await caller.post({"text": "x"}, headers={"accept": accept})

    assert (reply.status, reply.json()["code"]) == (status, code)
    assert logs[0]["detail"].startswith(f"it was refused with {error.status} {error.code}")
    assert "secret words" not in f"{reply.body!r}{logs}"
    assert not isinstance(caller.calls[0].error, UpstreamError)


async def test_model_that_declines_does_so_to_the_caller_who_hears_what_it_cost() -> None:
    whole = await Caller(defined(), Says(refusal="no")).post({"text": "x"})
    events = await Caller(defined(), Says(refusal="no", pings=1)).post({"text": "x"}, headers=EVENTS)

    assert (whole.status, whole.json()["code"]) == (422, "model_declined")
    assert whole.headers["x-tollbridge-cost-usd"] == "0.000002"
    assert [(name, said["code"], said["cost_usd"]) for name, said in events.events()] == [
        ("error", "model_declined", "0.000002")
    ]


async def test_who_wants_all_or_nothing_is_told_what_cannot_be() -> None:
    error = BadRequest("top_k cannot be told", code="unsupported_by_target", param="top_k")

    reply = await Caller(defined(), error).post({"text": "x"})

    assert (reply.status, reply.json()["code"]) == (400, "unsupported_by_target")


@pytest.mark.parametrize("error", [RateLimited("slow"), UpstreamError("down")])
@pytest.mark.parametrize("said", ["", "a"])
async def test_call_is_known_to_have_failed_whatever_was_sent_of_it(said: str, error: GatewayError) -> None:
    caller = Caller(defined(), Says(said, breaks=error) if said else error)

    await caller.post({"text": "x"}, headers=EVENTS)

    assert caller.calls[0].error is error


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused(method: str) -> None:
    reply = await Caller(defined()).send(method)

    assert (reply.status, reply.headers["allow"]) == (405, "POST")


def test_methods_are_those_of_the_definition() -> None:
    assert methods_of(defined()) == ("POST",)
    assert methods_of(defined(get=GET)) == ("POST", "GET", "HEAD")
    check_method(defined(get=GET), "HEAD")
    with pytest.raises(MethodNotAllowed) as caught:
        check_method(defined(get=GET), "PATCH" * 100)
    assert len(caught.value.message) < 100


def test_media_types_are_those_of_the_definition() -> None:
    assert offered(defined(stream=False)) == ("text/plain", "application/json")
    assert offered(defined(output={"type": "json"})) == ("application/json", "text/event-stream")


class TestGet:
    async def test_query_is_read_as_the_types_of_the_variables(self) -> None:
        definition = defined(
            user="{{n}}{{text}}", variables={"n": {"type": "integer"}, "text": {"default": "t"}}, get=GET
        )
        caller = Caller(definition, "a")

        reply = await caller.get("n=07&n=")

        assert reply.json()["errors"] == [{"field": "/n", "detail": "it is there twice"}]
        assert (await caller.get("n=7")).body == b"a"
        assert words(caller.models.asked[0])[0][1] == "7t"

    async def test_answer_is_kept_for_its_time(self) -> None:
        caller = Caller(defined(get=GET), "a", "b")
        first = await caller.get("text=x")
        caller.clock.advance(59)

        again = await caller.get("text=x")
        caller.clock.advance(1)
        later = await caller.get("text=x")

        assert [first.body, again.body, later.body] == [b"a", b"a", b"b"]
        assert first.headers["cache-control"] == "private, max-age=60"
        assert first.headers["vary"] == "accept, prefer, tollbridge-version, authorization, x-api-key, x-goog-api-key"
        assert "age" not in first.headers
        assert (again.headers["age"], again.headers["x-tollbridge-cost-usd"]) == ("59", "0")
        assert first.headers["etag"] == again.headers["etag"] != later.headers["etag"]

    async def test_answer_is_kept_for_nobody_else_and_no_other_input(self) -> None:
        caller = Caller(defined(get=GET), "a", "b", "c", "d")

        bodies = [
            (await caller.get("text=x")).body,
            (await caller.get("text=x", token="tok_2")).body,
            (await caller.get("text=y")).body,
            (await caller.get("text=x", token="")).body,
        ]

        assert bodies == [b"a", b"b", b"c", b"d"]

    async def test_answer_that_was_cut_off_is_kept_by_nobody(self) -> None:
        caller = Caller(defined(get=GET), Says("half a", stop=Stop.LENGTH), "all of it")

        cut = await caller.get("text=x")
        whole = await caller.get("text=x")

        assert (cut.status, cut.body, cut.headers["x-tollbridge-stop"]) == (200, b"half a", "length")
        assert (cut.headers["cache-control"], "etag" in cut.headers) == ("no-store", False)
        assert whole.body == b"all of it"

    async def test_who_wants_all_or_nothing_is_not_given_what_was_kept_for_who_does_not(self) -> None:
        error = BadRequest("top_k cannot be told", code="unsupported_by_target", param="top_k")
        caller = Caller(defined(get=GET), Says("a", dropped=("top_k",)), error)

        await caller.get("text=x")
        strict = await caller.get("text=x", headers={"prefer": "handling=strict"})

        assert (strict.status, strict.json()["code"]) == (400, "unsupported_by_target")

    async def test_closed_release_keeps_nothing(self) -> None:
        caller = Caller(defined(get=GET), "a", "b")
        await caller.get("text=x")

        caller.app.close()

        assert (await caller.get("text=x")).body == b"b"

    async def test_same_answer_in_another_type_has_another_tag_and_is_kept_as_well(self) -> None:
        caller = Caller(defined(get=GET), "a")

        plain = await caller.get("text=x", headers=PLAIN)
        as_json = await caller.get("text=x", headers={"accept": "application/json"})

        assert as_json.json() == {"text": "a"}
        assert plain.headers["etag"] != as_json.headers["etag"]

    async def test_answer_that_is_known_is_not_sent_again(self) -> None:
        caller = Caller(defined(get=GET), "a", "a", "b")
        tag = (await caller.get("text=x")).headers["etag"]

        kept = await caller.get("text=x", headers={"if-none-match": f'"other", W/{tag}'})
        other = await caller.get("text=x", headers={"if-none-match": '"other"'})
        caller.clock.advance(60)
        asked = await caller.get("text=x", headers={"if-none-match": tag})
        caller.clock.advance(60)
        changed = await caller.get("text=x", headers={"if-none-match": tag})

        assert [kept.status, other.status, asked.status, changed.status] == [304, 200, 304, 200]
        assert (kept.body, kept.headers["etag"], kept.headers["cache-control"]) == (b"", tag, "private, max-age=60")
        assert asked.headers["x-tollbridge-cost-usd"] == "0.000002"
        assert "content-type" not in kept.headers

    async def test_error_is_not_kept(self) -> None:
        caller = Caller(defined(get=GET), Unavailable("later"), "a")

        assert (await caller.get("text=x")).status == 503
        assert (await caller.get("text=x")).body == b"a"

    async def test_head_asks_no_model(self) -> None:
        caller = Caller(defined(get=GET), "hello")

        before = await caller.send("HEAD", query="text=x")
        got = await caller.get("text=x")
        after = await caller.send("HEAD", query="text=x")
        known = await caller.send("HEAD", query="text=x", headers={"if-none-match": got.headers["etag"]})

        assert len(caller.models.asked) == 1
        assert (before.status, before.body, "etag" in before.headers) == (200, b"", False)
        assert "content-length" not in before.headers
        assert before.headers["content-type"] == "text/plain; charset=utf-8"
        assert (after.status, after.body) == (200, b"")
        assert after.headers["etag"] == got.headers["etag"]
        assert after.headers["content-length"] == "5"
        assert known.status == 304

    async def test_head_of_events_asks_no_model_either(self) -> None:
        caller = Caller(defined(get=GET))

        reply = await caller.send("HEAD", query="text=x", headers=EVENTS)

        assert (reply.status, reply.body, caller.models.asked) == (200, b"", [])
        assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (reply.headers["cache-control"], "content-length" in reply.headers) == ("no-store", False)

    async def test_head_refuses_what_get_refuses(self) -> None:
        assert (await Caller(defined(get=GET)).send("HEAD", query="other=x")).status == 422

    async def test_post_neither_keeps_nor_takes_what_is_kept(self) -> None:
        caller = Caller(defined(get=GET), "a", "b", "c")

        await caller.post({"text": "x"})
        got = await caller.get("text=x")
        posted = await caller.post({"text": "x"})

        assert (got.body, posted.body) == (b"b", b"c")

    async def test_plain_text_by_get_is_whole_and_has_a_tag(self) -> None:
        reply = await Caller(defined(get=GET), Says(pieces=["a", "b"])).get("text=x", headers=PLAIN)

        assert (reply.chunks, "etag" in reply.headers) == ([b"ab"], True)

    async def test_events_by_get_are_not_kept(self) -> None:
        caller = Caller(defined(get=GET), "a", "b")

        streamed = await caller.get("text=x", headers=EVENTS)

        assert streamed.headers["cache-control"] == "no-store"
        assert (await caller.get("text=x")).body == b"b"


class TestStream:
    async def test_events_come_piece_by_piece(self) -> None:
        caller = Caller(defined(), Says(pieces=[" ", "a ", " b\n", " "], pings=1))

        reply = await caller.post({"text": "x"}, headers=EVENTS)

        assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert reply.chunks[0] == b":\n\n"
        assert reply.events() == [
            ("delta", {"text": "a"}),
            ("delta", {"text": "  b"}),
            (
                "result",
                {
                    "output": "a  b",
                    "attempts": 1,
                    "usage": {"input_tokens": 100, "output_tokens": 10},
                    "cost_usd": "0.000002",
                    "stop": "end",
                },
            ),
        ]
        assert len(reply.chunks) == 4

    async def test_words_that_did_not_fit_are_reset(self) -> None:
        caller = Caller(defined(output=JSON_OUT), ' {"label": 1}', '{"label": "good"}')

        events = (await caller.post({"text": "x"}, headers=EVENTS)).events()

        assert [name for name, _ in events] == ["delta", "reset", "delta", "result"]
        assert events[0][1] == {"text": ' {"label": 1}'}
        assert events[1][1] == {"errors": ['/label: it must be one of: "good", "bad"']}
        assert events[3][1]["output"] == {"label": "good"}
        assert events[3][1]["attempts"] == 2

    async def test_error_behind_words_is_an_event(self) -> None:
        caller = Caller(defined(), Says("a", breaks=Unavailable("broke off")))

        reply = await caller.post({"text": "x"}, headers=EVENTS)

        assert reply.status == 200
        assert [name for name, _ in reply.events()] == ["delta", "error"]
        assert reply.events()[1][1]["status"] == 503

    async def test_error_before_any_word_is_a_problem(self) -> None:
        reply = await Caller(defined(), RateLimited("slow")).post({"text": "x"}, headers=EVENTS)

        assert (reply.status, reply.headers["content-type"]) == (429, "application/problem+json")

    async def test_input_is_held_against_the_schemas_before(self) -> None:
        assert (await Caller(defined()).post({}, headers=EVENTS)).status == 422

    @pytest.mark.parametrize("accept", ["text/plain", "text/plain, */*;q=0.1"])
    async def test_plain_words_come_piece_by_piece(self, accept: str) -> None:
        caller = Caller(defined(), Says(pieces=[" a", "b ", "c "], pings=1))

        reply = await caller.post({"text": "x"}, headers={"accept": accept})

        assert reply.chunks == [b"a", b"b", b" c", b""]
        assert "content-length" not in reply.headers

    async def test_plain_words_come_at_once_to_who_did_not_name_them(self) -> None:
        reply = await Caller(defined(), Says(pieces=["a", "b"])).post({"text": "x"}, headers={"accept": "text/*"})

        assert (reply.chunks, reply.headers["content-length"]) == ([b"ab"], "2")

    async def test_empty_text_is_asked_again_before_any_word_is_sent(self) -> None:
        caller = Caller(defined(), "  ", "a")

        reply = await caller.post({"text": "x"}, headers=PLAIN)

        assert reply.body == b"a"

    async def test_plain_words_that_break_off_are_an_error_for_the_server(self) -> None:
        caller = Caller(defined(), Says("a", breaks=Unavailable("broke off")))

        with pytest.raises(Unavailable):
            await caller.post({"text": "x"}, headers=PLAIN)

        assert [one.get("more_body") for one in caller.sent] == [None, True]

    async def test_nothing_streams_where_the_definition_says_so(self) -> None:
        definition = defined(stream=False)

        assert (await Caller(definition).post({"text": "x"}, headers=EVENTS)).status == 406
        plain = await Caller(definition, Says(pieces=["a", "b"])).post({"text": "x"}, headers=PLAIN)
        assert plain.chunks == [b"ab"]


async def test_what_a_model_says_cannot_end_an_event() -> None:
    said = 'a"\n\nevent: result\ndata: {"output": "forged"}\n\n'

    reply = await Caller(defined(), said).post({"text": "x"}, headers=EVENTS)

    assert [name for name, _ in reply.events()] == ["delta", "result"]
    assert json.loads(json.dumps(reply.events()[1][1]))["output"] == said.strip()
