"""The official `openai` SDK comes back to answers that a provider gave which keeps none."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from tests.support.live import LiveGateway

from tollbridge.testing.upstream import ScriptedUpstream

CONFIG = """
[answers]
keep = true
[providers.claude]
base_url = "{url}"
dialect = "anthropic-messages"
api_key = "env:MOCK_KEY"
auth_header = "x-api-key"
allow_private = true
[models.tale]
targets = ["claude/their-name"]
price = {{ input = "1", output = "2" }}
"""


def said(text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    usage = {"input_tokens": 3, "output_tokens": 4}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude"}
    return {**head, "content": content, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream.in_thread() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("kept"), CONFIG.format(url=upstream.url)) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def client(gateway: LiveGateway) -> Iterator[openai.OpenAI]:
    token = gateway.token()["token"]
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=token, timeout=20, max_retries=0) as client:
        yield client


def test_conversation_goes_on_by_the_id_of_an_answer(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    upstream.answer(said("Four."))
    upstream.answer(said("Seven."))

    first = client.responses.create(model="tale", input="What is 2 + 2?")
    second = client.responses.create(model="tale", input="And 3?", previous_response_id=first.id)

    assert (second.output_text, second.previous_response_id) == ("Seven.", first.id)
    words = [
        part if isinstance(part, str) else part[0]["text"]
        for part in (message["content"] for message in upstream.requests[-1].json()["messages"])
    ]
    assert words == ["What is 2 + 2?", "Four.", "And 3?"]


def test_answer_and_what_was_asked_are_retrieved(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    upstream.answer(said("Four."))
    made = client.responses.create(model="tale", input="What is 2 + 2?")

    found = client.responses.retrieve(made.id)
    items = list(client.responses.input_items.list(made.id))

    assert found.to_dict() == made.to_dict()
    assert [item.content[0].text for item in items] == ["What is 2 + 2?"]  # type: ignore[union-attr]


def test_deleted_answer_is_gone(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    upstream.answer(said("Four."))
    made = client.responses.create(model="tale", input="What is 2 + 2?")

    client.responses.delete(made.id)

    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="tale", input="And 3?", previous_response_id=made.id)
    assert (refused.value.code, refused.value.param) == ("previous_response_not_found", "previous_response_id")


def test_answer_that_is_done_cannot_be_cancelled(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    upstream.answer(said("Four."))
    made = client.responses.create(model="tale", input="What is 2 + 2?")

    with pytest.raises(openai.BadRequestError, match="Cannot cancel"):
        client.responses.cancel(made.id)


def test_tokens_of_a_request_are_counted_by_the_provider(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    upstream.answer({"input_tokens": 12})

    counted = client.responses.input_tokens.count(model="tale", input="What is 2 + 2?")

    assert counted.input_tokens == 12
    assert upstream.requests[-1].path.endswith("/messages/count_tokens")
