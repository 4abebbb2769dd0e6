"""Configurations of Portkey."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_migrate.gathering import Gathering
from tollbridge_migrate.portkey import Configs
from tollbridge_migrate.reading import BadForeign
from tollbridge_migrate.reporting import Report


def target(provider: str, model: str = "gpt-4o", **more: Any) -> dict[str, Any]:
    return {"provider": provider, "override_params": {"model": model}, **more}


@pytest.fixture
def read(migrate, tmp_path):
    """Give a function that migrates a configuration."""

    def read(config: object, *arguments: str, fails: bool = False):
        path = tmp_path / "Main Route.json"
        path.write_text(json.dumps(config))
        return migrate("portkey", path, *arguments, fails=fails)

    return read


def test_fallbacks_are_targets_in_order(read, starts) -> None:
    done = read(
        {
            "strategy": {"mode": "fallback"},
            "targets": [target("openai", api_key="k"), target("anthropic", "claude", api_key="k")],
        }
    )

    assert done.targets("main-route") == ["openai/gpt-4o", "anthropic/claude"]
    assert starts(done)


def test_loads_become_an_order_by_weight_and_that_is_said(read) -> None:
    targets = [target("openai", weight=0.2), target("groq", weight=0.8), target("x-ai", weight=0)]

    done = read({"strategy": {"mode": "loadbalance"}, "targets": targets})

    assert done.targets("main-route") == ["groq/gpt-4o", "openai/gpt-4o"]
    assert "loadbalance: targets are tried in order, the heaviest first" in done.report


def test_strategies_within_others_are_laid_flat(read) -> None:
    inner = {"strategy": {"mode": "loadbalance"}, "targets": [target("groq", weight=1), target("x-ai", weight=2)]}

    done = read({"strategy": {"mode": "fallback"}, "targets": [inner, target("openai")]})

    assert done.targets("main-route") == ["xai/gpt-4o", "groq/gpt-4o", "openai/gpt-4o"]


def test_conditions_become_models_and_the_default_the_model(read) -> None:
    conditions = [{"query": {"metadata.plan": {"$eq": "paid"}}, "then": "dear"}]
    targets = [target("openai", name="cheap"), target("anthropic", "claude", name="dear")]

    done = read({"strategy": {"mode": "conditional", "conditions": conditions, "default": "cheap"}, "targets": targets})

    assert done.targets("main-route") == ["openai/gpt-4o"]
    assert done.targets("main-route-dear") == ["anthropic/claude"]
    assert "its condition: callers name the model" in done.report


def test_targets_have_the_parameters_and_the_host_of_what_they_stand_in(read) -> None:
    inner = {"strategy": {"mode": "fallback"}, "targets": [{"provider": "openai", "api_key": "k"}, target("groq", "m")]}
    outer = {"custom_host": "https://proxy.example/v1", "override_params": {"model": "gpt-4o", "seed": 1}}

    done = read({**outer, "strategy": {"mode": "single"}, "targets": [inner]})

    assert done.targets("main-route") == ["proxy-example/gpt-4o", "groq/m"]
    assert done.config["providers"]["groq"]["base_url"] == "https://proxy.example/v1"
    assert "override\\_params.seed: what a model is asked with" in done.report


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ({"mode": "fallback"}, "fallback: the next target is tried after 429, 5xx and no answer, not after each"),
        ({"mode": "fallback", "cb_config": {"failure_threshold": 5}}, "strategy.cb\\_config: there is no counterpart"),
        ({"mode": "single"}, "single: targets behind the first are left"),
        ({"mode": "lottery"}, "strategy: what it says is none of single, fallback, loadbalance, conditional"),
        ({}, "strategy: what it says is none of"),
        ({"mode": "conditional", "default": "gone"}, "default: it names none of the targets"),
        ({"mode": "conditional", "default": "a"}, "targets without a name of their own: no condition leads to them"),
    ],
)
def test_what_a_strategy_is_not_here_is_named(read, strategy, said) -> None:
    targets = [target("openai", name="a"), target("groq", name="b"), target("x-ai")]
    outer = {
        "strategy": {"mode": "fallback"},
        "targets": [{"strategy": strategy, "targets": targets}, target("ollama")],
    }

    assert said in read(outer).report


def test_what_is_lost_of_a_conditions_target_is_named_with_it(read) -> None:
    targets = [target("openai", name="cheap"), target("groq", name="dear", cache={"mode": "simple"}, retry={})]

    report = read({"strategy": {"mode": "conditional", "default": "cheap"}, "targets": targets}).report

    line = next(line for line in report.splitlines() if "condition main-route: dear" in line)
    assert "cache: answers of models are not cached" in line
    assert "retry: each target is tried once" in line


def test_a_condition_that_finds_no_place_is_left(read) -> None:
    targets = [target("openai", name="cheap"), target("groq", name="n" * 300), {"name": "none", "provider": "nobody"}]

    done = read({"strategy": {"mode": "conditional", "default": "cheap"}, "targets": targets}, "--json")

    things = [(one["kind"], one["became"]) for one in json.loads(done.said)["things"]]
    assert things.count(("condition", "left")) == 2
    assert ("condition", "partly") not in things
    assert set(done.config["models"]) == {"main-route"}


def test_a_configuration_whose_targets_have_no_section_is_left(read) -> None:
    one, other = (target("bedrock", "m", api_key=key) for key in ("first-key", "second-key"))

    done = read([one, other], "--json")

    assert [thing["became"] for thing in json.loads(done.said)["things"]] == ["carried", "left"]
    assert set(done.config["models"]) == {"main-route-1"}


def test_a_configuration_without_one_of_its_targets_is_there_in_part(read) -> None:
    done = read(
        {"strategy": {"mode": "fallback", "on_status_codes": [429]}, "targets": [target("openai"), target("no")]}
    )

    assert "configuration main-route: " in done.report.partition("## Carried over in part")[2]
    assert "targets: some could not be carried over" in done.report


def test_all_that_has_no_counterpart_is_named_however_much(read) -> None:
    more = {f"made_up_{number}": 1 for number in range(20)}

    report = read(target("openai", **more)).report

    assert not [name for name in more if name.replace("_", "\\_") not in report]


def test_virtual_keys_are_variables_of_whom_they_are_said_to_be(read) -> None:
    targets = [{"virtual_key": "open-ai-1", "override_params": {"model": "gpt-4o"}}, {"provider": "@mine", "model": 1}]
    targets[1] = {"provider": "@mine", "override_params": {"model": "m"}}

    done = read({"strategy": {"mode": "fallback"}, "targets": targets}, "--virtual-key", "open-ai-1=openai")

    assert done.config["providers"] == {"openai": {"api_key": "env:PORTKEY_OPEN_AI_1"}}
    assert "say so with --virtual-key mine=NAME" in done.report
    assert "`PORTKEY_OPEN_AI_1`" in done.report


def test_a_target_without_a_model_takes_the_one_that_is_said(read) -> None:
    assert "it names no model; say which with --model" in read({"provider": "openai", "api_key": "sk-1"}).report


def test_a_model_that_is_said_is_that_of_targets_without_one(read) -> None:
    assert read({"provider": "openai", "api_key": "sk-1"}, "--model", "gpt-4o").targets("main-route") == [
        "openai/gpt-4o"
    ]


def test_keys_in_clear_are_in_no_file_unless_that_is_asked_for(read) -> None:
    done = read(target("openai", api_key="sk-portkey-clear", aws_secret_access_key="aws-secret-clear"))

    assert "sk-portkey-clear" not in done.everything
    assert "aws-secret-clear" not in done.everything
    assert "aws\\_secret\\_access\\_key: credentials of this kind" in done.report


def test_keys_are_in_one_file_where_that_is_asked_for(read) -> None:
    done = read(target("openai", api_key="sk-portkey-clear"), "--with-secrets")

    assert "PORTKEY_OPENAI_API_KEY=sk-portkey-clear" in done.text("secrets.env")


def test_hosts_of_their_own_are_sections(read, starts) -> None:
    done = read(target("openai", custom_host="http://localhost:9000/v1/", api_key="x"))

    assert done.config["providers"]["localhost"] == {
        "base_url": "http://localhost:9000/v1",
        "api_key": "env:PORTKEY_OPENAI_API_KEY",
        "allow_private": True,
    }
    assert starts(done)


def test_azure_is_its_dated_surface(read) -> None:
    done = read(target("azure-openai", resource_name="acme", deployment_id="d1", api_version="2024-10-21"))

    assert done.config["providers"]["azure-deployments"]["base_url"] == (
        "https://acme.openai.azure.com/openai/deployments/d1?api-version=2024-10-21"
    )


def test_either_way_to_write_members_is_read(read) -> None:
    config = {"strategy": {"mode": "fallback", "onStatusCodes": [429]}, "targets": [
        {"virtualKey": "k", "provider": "openai", "overrideParams": {"model": "m", "maxTokens": 1}}]}  # fmt: skip

    done = read(config)

    assert done.targets("main-route") == ["openai/m"]
    assert "override\\_params.maxTokens: what a model is asked with" in done.report


def test_several_configurations_are_several_models(read) -> None:
    answer = {
        "success": True,
        "data": [{"name": "One", "config": target("openai")}, {"slug": "pc-two", "config": target("x-ai")}],
    }

    done = read(answer)

    assert set(done.config["models"]) == {"one", "pc-two"}


@pytest.mark.parametrize("key", ["cache", "retry", "request_timeout", "input_guardrails", "unheard_of"])
def test_what_has_no_counterpart_is_named(read, key) -> None:
    escaped = key.replace("_", "\\_")

    assert f"{escaped}: " in read(target("openai", **{key: {"mode": "simple"}})).report


@pytest.mark.parametrize("content", [[], {}, 1, None, {"a": 1}, [[[]]]])
def test_a_file_that_is_none_is_refused(read, content) -> None:
    assert isinstance(read(content, fails=True).failed, BadForeign)


PARTS = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(["openai", "fallback", "loadbalance", "@x/y"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["targets", "strategy", "mode", "provider", "virtual_key", "override_params", "model", "weight"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(PARTS)
def test_nothing_breaks_the_reader(content) -> None:
    try:
        Configs(Gathering(Report("Portkey")), model="m").read(content, "x")
    except BadForeign:
        return
