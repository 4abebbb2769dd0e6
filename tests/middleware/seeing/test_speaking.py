"""In which dialects a model can be asked."""

from collections.abc import Sequence

import pytest

from tollbridge.plugins import Plugins
from tollbridge.providers import Provider, Quirks, Target
from tollbridge.seeing.speaking import Speaking, speaking_of

DIALECTS = Plugins().register_all().dialects.values()
URL = "https://mock.example/v1"


def target(*urls: str, quirks: Quirks | None = None) -> Target:
    base_urls = dict.fromkeys(urls, URL)
    return Target(Provider("mock", base_urls=base_urls, quirks=quirks), "m", base_urls=base_urls)


def spoken(*targets: Target) -> Sequence[Speaking]:
    return speaking_of(targets, DIALECTS)


def test_model_is_asked_as_its_target_speaks_and_in_all_else_by_translation() -> None:
    found = {(one.dialect, one.operation): one for one in spoken(target("openai-chat"))}

    assert found["openai-chat", "chat"] == Speaking("openai-chat", "chat", "ai:chat", "/v1/chat/completions", False)
    assert found["anthropic-messages", "messages"].translated
    assert not found["openai-images", "images"].translated
    assert ("openai-responses", "responses-retrieve") not in found
    assert not [one for one in found if one[1] in ("models", "files", "ollama_pull")]


def test_what_no_codec_reads_is_asked_of_a_target_that_speaks_it_alone() -> None:
    found = {(one.dialect, one.operation) for one in spoken(target("anthropic-messages"))}

    assert ("anthropic-messages", "messages") in found
    assert ("openai-images", "images") not in found
    assert ("cohere-embed", "embeddings") not in found


def test_tokens_are_counted_here_where_nobody_else_does() -> None:
    found = {(one.dialect, one.operation): one.translated for one in spoken(target("openai-chat"))}

    assert found["anthropic-messages", "count_tokens"]


def test_any_target_that_speaks_a_dialect_is_enough() -> None:
    both = spoken(target("openai-chat"), target("anthropic-messages"))

    assert {one.dialect for one in both if not one.translated} >= {"openai-chat", "anthropic-messages"}


def test_host_that_only_counts_in_a_dialect_is_asked_nothing_else_in_it() -> None:
    counting = target("openai-chat", "anthropic-messages", quirks=Quirks(only_counts=("anthropic-messages",)))

    found = {one.operation: one.translated for one in spoken(counting) if one.dialect == "anthropic-messages"}

    assert found == {"messages": True, "count_tokens": False}


@pytest.mark.parametrize("targets", [(), (target(),)])
def test_model_that_leads_nowhere_is_asked_in_nothing_but_to_count(targets: Sequence[Target]) -> None:
    assert {one.operation for one in speaking_of(targets, DIALECTS)} <= {"count_tokens"}
