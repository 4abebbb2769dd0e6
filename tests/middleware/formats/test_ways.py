"""A target is asked in a dialect it speaks."""

import pytest

from tollbridge.formats.dialect import Dialect, Operation, named_model
from tollbridge.formats.ways import Ways, asked_at, spoken_at, upstream_url
from tollbridge.providers import Provider, Quirks, Target
from tollbridge_anthropic.dialect import MessagesDialect
from tollbridge_openai.dialects import ChatDialect, CompletionsDialect
from tollbridge_openai.side_dialects import ModerationsDialect

WAYS = Ways([CompletionsDialect(), ChatDialect(), MessagesDialect()])


def target(only_counts: tuple[str, ...] = (), **base_urls: str) -> Target:
    named = {name.replace("_", "-"): url for name, url in base_urls.items()}
    return Target(Provider("p", base_urls=named, quirks=Quirks(only_counts=only_counts)), "m", base_urls=named)


def operation(dialect: Dialect, label: str) -> Operation:
    return next(each for each in dialect.operations if each.label == label)


def test_first_base_url_that_fits_is_taken() -> None:
    both = target(other="x", anthropic_messages="a", openai_chat="o")

    way = WAYS.of("conversation", both)

    assert way is not None
    assert (way.dialect.name, way.operation.label) == ("anthropic-messages", "messages")


def test_dialect_that_the_base_url_is_named_after_goes_before_those_that_share_it() -> None:
    way = WAYS.of("conversation", target(openai_chat="o"))

    assert way is not None
    assert way.operation.label == "chat"


def test_dialect_that_shares_a_base_url_is_a_way_where_it_is_alone() -> None:
    way = Ways([CompletionsDialect()]).of("conversation", target(openai_chat="o"))

    assert way is not None
    assert way.operation.label == "completions"


def test_dialect_without_a_codec_is_no_way() -> None:
    assert Ways([ModerationsDialect()]).of("conversation", target(openai_chat="o")) is None


def test_target_that_cannot_be_asked_has_no_way() -> None:
    assert WAYS.of("conversation", target(other="x")) is None
    assert WAYS.of("rerank", target(openai_chat="o")) is None


def test_url_of_a_dialects_own_name_goes_before_the_one_it_shares() -> None:
    shared, own = {"openai-chat": "o"}, {"openai-chat": "o", "openai-completions": "c"}

    assert [spoken_at(CompletionsDialect(), urls) for urls in (shared, own)] == ["o", "c"]
    assert [spoken_at(ChatDialect(), urls) for urls in (own, {"openai-completions": "c"})] == ["o", ""]


def test_host_that_only_counts_in_a_dialect_is_called_in_another() -> None:
    asked = target(("anthropic-messages",), anthropic_messages="a", openai_chat="o")

    called, counted = WAYS.of("conversation", asked), WAYS.of("count", asked)

    assert (called and called.dialect.name, counted and counted.dialect.name) == ("openai-chat", "anthropic-messages")
    assert WAYS.of("conversation", target(("anthropic-messages",), anthropic_messages="a")) is None


def test_host_that_only_counts_in_the_callers_dialect_is_not_called_in_it() -> None:
    messages, asked = MessagesDialect(), target(("anthropic-messages",), anthropic_messages="a", openai_chat="o")

    assert asked_at(messages, operation(messages, "messages"), asked) == ""
    assert asked_at(messages, operation(messages, "count_tokens"), asked) == "a"
    assert asked_at(messages, None, asked) == ""
    assert asked_at(ChatDialect(), operation(ChatDialect(), "chat"), asked) == "o"
    assert asked_at(messages, operation(messages, "messages"), target(anthropic_messages="a")) == "a"


def test_only_the_url_in_use_says_whether_a_host_only_counts_there() -> None:
    completions, own = CompletionsDialect(), {"openai_chat": "o", "openai_completions": "c"}
    complete = operation(completions, "completions")

    assert asked_at(completions, complete, target(("openai-chat",), **own)) == "c"
    assert asked_at(completions, complete, target(("openai-completions",), **own)) == ""
    assert asked_at(completions, complete, target(("openai-chat",), openai_chat="o")) == ""


@pytest.mark.parametrize(
    ("base", "upstream", "streamed", "stream", "url"),
    [
        ("https://h/v1", "/chat", "", True, "https://h/v1/chat"),
        ("https://h", "/m/{model}:go", "/m/{model}:flow?alt=sse", False, "https://h/m/a%2Fb%3A1:go"),
        ("https://h", "/m/{model}:go", "/m/{model}:flow?alt=sse", True, "https://h/m/a%2Fb%3A1:flow?alt=sse"),
        ("https://h", "/run/{+model}", "", False, "https://h/run/a/b%3A1"),
        ("https://h/d/{model}?api-version=1", "/chat", "", False, "https://h/d/a%2Fb%3A1/chat?api-version=1"),
        ("https://h?v=1", "/s?alt=sse", "", False, "https://h/s?alt=sse&v=1"),
    ],
)
def test_url_holds_the_models_name_where_it_belongs(
    base: str, upstream: str, streamed: str, stream: bool, url: str
) -> None:
    operation = Operation("ai:chat", "x", upstream=upstream, streamed=streamed)

    assert upstream_url(base, operation, "a/b:1", stream=stream) == url


def test_path_of_the_hosts_own_is_asked_where_it_has_one() -> None:
    quirks = Quirks(paths={"chat": ("/own", "/own/flow")})

    def asked(label: str, *, stream: bool) -> str:
        operation = Operation("ai:chat", label, upstream="/usual", streamed="/usual/flow")
        return upstream_url("https://h", operation, "m", stream=stream, quirks=quirks)

    assert [asked("chat", stream=False), asked("chat", stream=True)] == ["https://h/own", "https://h/own/flow"]
    assert asked("embeddings", stream=False) == "https://h/usual"


def test_models_name_is_found_in_any_of_the_paths() -> None:
    operation = Operation("ai:chat", "x", path="/v1beta/models/{model}:go", also=("/v1/models/{model}:go",))

    assert named_model(operation, "/v1beta/models/a/b:go") == "a/b"
    assert named_model(operation, "/v1/models/c:go") == "c"
    assert named_model(operation, "/v1/models/:go") == ""
    assert named_model(Operation("ai:chat", "x", path="/v1/chat"), "/v1/chat") == ""
