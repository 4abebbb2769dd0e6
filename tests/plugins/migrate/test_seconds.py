"""A second key of one vendor: its section is as the vendor's, its models cost what they do there."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tollbridge import Bearer, Header, NoAuth, Provider, Quirks
from tollbridge.metering.prices import Price
from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import make_gateway
from tollbridge_migrate.gathering import Host, Target
from tollbridge_migrate.placing import Places, installed
from tollbridge_migrate.seconds import copied, not_copied, written_price

OPUS = "claude-opus-4-1"
ANSWER = {
    **{"id": "m", "type": "message", "role": "assistant", "model": OPUS, "stop_reason": "end_turn"},
    "content": [{"type": "text", "text": "Hello."}],
    "usage": {"input_tokens": 1000, "output_tokens": 100},
}


def deployments(tmp_path: Path, *models: str, **more: Any) -> Path:
    """Write two deployments of each model, each with a key of its own."""
    path = tmp_path / "config.json"
    found = [
        {
            "model_name": f"{model}-{number}",
            "litellm_params": {"model": model, "api_key": f"os.environ/KEY_{number}", **more},
        }
        for model in models
        for number in (1, 2)
    ]
    path.write_text(json.dumps({"model_list": found}))
    return path


async def test_call_with_the_second_key_is_as_one_with_the_first_and_costs_the_same(
    migrate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = migrate("litellm", deployments(tmp_path, f"anthropic/{OPUS}"))
    for number in (1, 2):
        monkeypatch.setenv(f"KEY_{number}", f"sk-ant-{number}")
    bridge = make_gateway(done.config, data=tmp_path / "data", clock=FixedClock())

    answers = []
    for number in (1, 2):
        bridge.upstream.reply(ANSWER)
        answers.append(await bridge.chat(f"anthropic/{OPUS}-{number}"))
    shown = [[one.headers[name] for name in ("x-api-key", "anthropic-version")] for one in bridge.sent]
    await bridge.close()

    assert shown == [["sk-ant-1", "2023-06-01"], ["sk-ant-2", "2023-06-01"]]
    # 1000 x 15 + 100 x 75, per million tokens
    assert [one.headers["x-tollbridge-cost-usd"] for one in answers] == ["0.0225", "0.0225"]
    assert "a second section of anthropic: prices of its models stand in \\[models\\] as they are now" in done.report
    assert "of its targets" not in done.report


@pytest.mark.parametrize("model", ["cohere/command-r-08-2024", "gemini/gemini-2.5-flash", f"anthropic/{OPUS}"])
def test_models_of_both_keys_have_the_same_price(migrate, starts, tmp_path: Path, model: str) -> None:
    gateway = starts(migrate("litellm", deployments(tmp_path, model)))

    first, second = (gateway.routes.resolve(f"{model}-{number}")[0] for number in (1, 2))
    prices = [
        gateway.prices.find(one.provider.price_id, one.model, gateway.clock.now(), alias="") for one in (first, second)
    ]
    assert first.provider.name != second.provider.name
    assert prices[0].rates == prices[1].rates
    assert prices[0].server_tool_call == prices[1].server_tool_call


def test_price_that_a_model_is_said_to_have_is_its_only_one(migrate, tmp_path: Path) -> None:
    path = deployments(tmp_path, f"anthropic/{OPUS}", input_cost_per_token=0.000001, output_cost_per_token=0.000002)

    done = migrate("litellm", path)

    assert list(done.config["models"]) == [f"anthropic/{OPUS}-1", f"anthropic/{OPUS}-2"]
    assert "partly" not in done.said.replace("partly: 0", "")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("groq/llama-3.3-70b-versatile", "left out for groq cannot be said: logit\\_bias, logprobs, top\\_logprobs"),
        ("gemini/gemini-2.5-pro", "it costs something else above 200000 tokens, which cannot be said"),
        ("anthropic/claude-of-nobody", "what it costs is not known there; write a price into \\[models\\]"),
    ],
)
def test_what_a_second_section_cannot_have_is_said(migrate, tmp_path: Path, model: str, told: str) -> None:
    report = migrate("litellm", deployments(tmp_path, model)).report

    partly = report.partition("in part: look at each")[2].partition("## ")[0]
    (line,) = [line for line in partly.splitlines() if line.startswith(f"- deployment {model}-2".replace("_", "\\_"))]
    assert told in line


def test_second_section_of_a_whole_provider_has_no_prices(migrate, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    found = [
        {"model_name": name, "litellm_params": {"model": "anthropic/*", "api_key": f"os.environ/{key}"}}
        for name, key in (("*", "KEY_1"), ("anthropic/*", "KEY_2"))
    ]
    path.write_text(json.dumps({"model_list": found}))

    report = migrate("litellm", path).report

    assert "as anthropic-2/NAME; anthropic-2 is a second section of anthropic: what it costs is not known" in report


def test_second_section_without_a_key_reads_the_variable_of_its_provider() -> None:
    hosts = [Host(base="anthropic", url=f"https://{name}.example.com/v1") for name in ("one", "two")]

    places = Places(installed(), hosts)

    sections = places.sections
    assert places.variables == {"ANTHROPIC_API_KEY": "the key of anthropic, for anthropic-2"}
    assert sections["anthropic"] == {"base_url": "https://one.example.com/v1", "dialect": "anthropic-messages"}
    assert sections["anthropic-2"] == {
        **{"base_url": "https://two.example.com/v1", "dialect": "anthropic-messages", "auth_header": "x-api-key"},
        **{"api_key": "env:ANTHROPIC_API_KEY", "headers": {"anthropic-version": "2023-06-01"}},
    }


def test_second_section_on_this_machine_may_be_there() -> None:
    hosts = [Host(base="ollama", headers=(("x-of", name),)) for name in ("one", "two")]

    sections = Places(installed(), hosts).sections

    assert sections["ollama-2"]["allow_private"] is True
    assert "api_key" not in sections["ollama-2"]


def test_first_section_has_all_of_its_provider() -> None:
    host = Host(base="anthropic", key="env:MINE")
    places = Places(installed(), [host])

    assert places.lacks(Target(host, "claude-of-nobody"), priced=False) == ""
    assert places.price(Target(host, OPUS)) == {}


@pytest.mark.parametrize(
    ("auth", "options"),
    [
        (Bearer(), {}),
        (NoAuth(), {}),
        (Header("X-Key"), {"auth_header": "X-Key"}),
        (Header("authorization", template="Key {key}"), ("authorization", "Key {key}")),
        (Header("X-Key", template="Key {key}"), ("X-Key", "Key {key}")),
    ],
)
def test_key_is_shown_as_the_provider_wants_it(
    auth: Header | NoAuth, options: Mapping[str, str] | Sequence[str]
) -> None:
    if isinstance(options, tuple):
        options = {"auth": "header", "auth_options": dict(zip(("name", "template"), options, strict=True))}

    assert copied(Provider("x", base_url="https://x.example", auth=auth), "") == options


def test_quirks_are_written_as_far_as_there_are_options() -> None:
    quirks = Quirks(
        **{"headers": {"x-version": "1"}, "stream_usage": "never", "keeps_answers": True, "free_text": True},
        **{"rewritten": ("openai-chat",), "only_counts": ("anthropic-messages",)},
        **{"rename": {"a": "b"}, "drop": ("c",), "drop_values": {"d": ('"e"',)}, "add": {"f": "1"}},
        paths={"chat": ("/x", "")},
    )
    provider = Provider("x", base_url="https://x.example", auth=Bearer("X_KEY"), quirks=quirks)

    assert copied(provider, "") == {
        **{"api_key": "env:X_KEY", "headers": {"x-version": "1"}, "stream_usage": "never", "keeps_answers": True},
        **{"free_text": True, "rewritten": ("openai-chat",), "only_counts": ("anthropic-messages",)},
    }
    assert not_copied(provider) == ["a", "c", "d", "f", "chat"]


@pytest.mark.parametrize(
    "table",
    [
        {"input": "0", "output": "0"},
        {"input": "1", "output": "0"},
        {"input": "1", "cache_read": "0", "cache_write_1h": "3", "output": "2", "audio_output": "4"},
        {"input": "1", "output": "2", "request": "0.01", "server_tool_call": "0.02"},
    ],
)
def test_price_that_was_written_is_the_same_when_it_is_read(table: dict[str, str]) -> None:
    written = written_price(Price.from_table(table, id="there").table())

    assert written == table
    assert Price.from_table(written, id="x") == Price.from_table(table, id="x")
