"""LiteLLM's configuration, and its table of keys."""

import json
import stat
from pathlib import Path

import pytest

CONFIG = """
x-defaults: &azure
  api_key: os.environ/AZURE_EU_KEY
  api_version: "2024-10-21"
model_list:
  - model_name: gpt-4o
    litellm_params: {<<: *azure, model: azure/gpt-4o-eu, api_base: "https://eu.openai.azure.com/", order: 2}
  - model_name: gpt-4o
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, order: 1, rpm: 6, temperature: 0.2}
    model_info: {input_cost_per_token: 0.0000025, output_cost_per_token: 1e-05, max_input_tokens: 128000}
  - model_name: claude
    litellm_params: {model: claude-sonnet-4-5, api_key: sk-ant-clear-and-secret}
  - model_name: claude-two
    litellm_params: {model: anthropic/claude-sonnet-4-5, api_key: sk-ant-another-secret}
  - model_name: llama
    litellm_params: {model: openai/meta/llama, api_base: "http://10.0.0.7:8000/v1", api_key: none}
  - model_name: eu
    litellm_params: {model: azure/d, api_base: os.environ/AZURE_API_BASE, api_version: os.environ/AZURE_VERSION}
  - model_name: strange
    litellm_params: {model: watsonx/ibm/granite}
  - model_name: "groq/*"
    litellm_params: {model: "groq/*"}
  - model_name: "*"
    litellm_params: {model: "*"}
  - model_name: named
    litellm_params: {model: openai/gpt-4o, litellm_credential_name: mine}
  - litellm_params: {model: openai/gpt-4o}
credential_list:
  - credential_name: mine
    credential_values: {api_key: sk-of-the-credential-list}
litellm_settings:
  request_timeout: 42
  drop_params: true
  fallbacks: [{claude: [gpt-4o, nobody]}, {nobody: [claude]}]
  success_callback: [langfuse]
router_settings:
  routing_strategy: least-busy
  default_fallbacks: [llama]
  model_group_alias: {smart: gpt-4o, lost: nobody}
general_settings:
  master_key: sk-master-of-all
  database_url: postgresql://u:password@h/d
  max_request_size_mb: 8
environment_variables:
  REDIS_PASSWORD: redis-password-in-clear
guardrails: []
"""
SECRETS = (
    *("sk-ant-clear-and-secret", "sk-ant-another-secret", "sk-of-the-credential-list", "sk-master-of-all"),
    *("redis-password-in-clear", "u:password"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    return path


def test_deployments_become_targets_in_their_order(migrate, file, starts) -> None:
    done = migrate("litellm", file)

    assert done.targets("gpt-4o")[:2] == ["openai/gpt-4o", "azure-deployments/gpt-4o-eu"]
    assert done.targets("llama") == ["llama/meta/llama"]
    assert done.targets("claude")[0] == "anthropic/claude-sonnet-4-5"
    assert done.targets("claude-two")[0] == "anthropic-2/claude-sonnet-4-5"
    assert starts(done).registry is not None


def test_hosts_have_sections_for_what_differs_alone(migrate, file) -> None:
    providers = migrate("litellm", file).config["providers"]

    assert "openai" not in providers or providers["openai"].get("api_key") != "env:OPENAI_API_KEY"
    assert providers["anthropic"] == {"api_key": "env:LITELLM_ANTHROPIC_API_KEY"}
    assert providers["anthropic-2"] == {
        "base_urls": {"anthropic-messages": "https://api.anthropic.com/v1"},
        "auth_header": "x-api-key",
        "headers": {"anthropic-version": "2023-06-01"},
        "stream_usage": "always",
        "api_key": "env:LITELLM_ANTHROPIC_API_KEY_2",
    }
    assert providers["llama"] == {"base_url": "http://10.0.0.7:8000/v1", "allow_private": True}
    assert providers["azure-deployments"] == {
        "base_url": "https://eu.openai.azure.com/openai/deployments/{model}?api-version=2024-10-21",
        "api_key": "env:AZURE_EU_KEY",
    }
    assert providers["azure-deployments-2"]["base_url"] == (
        "{AZURE_API_BASE}/openai/deployments/{model}?api-version={AZURE_VERSION}"
    )


def test_prices_and_limits_of_a_model_are_its_own(migrate, file) -> None:
    model = migrate("litellm", file).config["models"]["gpt-4o"]

    assert model["price"] == {"input": "2.5", "output": "10"}  # a million times 0.0000025 and 0.00001
    assert model["context"] == 128_000


def test_fallbacks_and_aliases_are_further_targets_and_models(migrate, file) -> None:
    done = migrate("litellm", file)

    assert done.targets("claude") == ["anthropic/claude-sonnet-4-5", "openai/gpt-4o", "azure-deployments/gpt-4o-eu"]
    assert done.targets("claude-two") == ["anthropic-2/claude-sonnet-4-5", "llama/meta/llama"]
    assert done.targets("smart")[:2] == done.targets("gpt-4o")[:2]
    assert "alias lost: no model 'nobody' was carried over" in done.report
    assert "fallback nobody: no such model was carried over" in done.report
    assert "without nobody: no such model was carried over" in done.report


def written(tmp_path: Path, config: object) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    return path


def deployment(name: str, model: str = "openai/gpt-4o", info: object = None, **more: object) -> dict[str, object]:
    return {"model_name": name, "litellm_params": {"model": model, **more}, "model_info": info or {}}


def test_what_the_router_says_goes_before_what_the_library_is_told(migrate, tmp_path) -> None:
    config = {
        "model_list": [deployment("a", "openai/a"), deployment("b", "openai/b"), deployment("c", "openai/c")],
        "router_settings": {"timeout": 30, "fallbacks": [{"a": ["b"]}]},
        "litellm_settings": {"request_timeout": 60, "fallbacks": [{"a": ["c"]}]},
    }

    done = migrate("litellm", written(tmp_path, config))

    assert done.config["upstream"]["total_timeout_s"] == 30.0
    assert done.targets("a") == ["openai/a", "openai/b"]
    assert "setting litellm\\_settings.request\\_timeout: router\\_settings say it too" in done.report
    assert "setting litellm\\_settings.fallbacks: router\\_settings say it too" in done.report


def test_a_fallback_that_is_an_object_is_the_model_it_names(migrate, tmp_path) -> None:
    models = [deployment("a", "openai/a"), deployment("b", "openai/b")]
    config = {"model_list": models, "router_settings": {"fallbacks": [{"a": [{"model": "b", "temperature": 1}]}]}}

    assert migrate("litellm", written(tmp_path, config)).targets("a") == ["openai/a", "openai/b"]


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"organization": ["org-1", "org-2"]}, "organization"),
        ({"organization": "os.environ/ORG"}, "organization"),
        ({"extra_headers": {"X-Mine": "os.environ/MINE"}}, "extra\\_headers.X-Mine"),
    ],
)
def test_a_header_that_cannot_be_written_is_named(migrate, tmp_path, more, name) -> None:
    done = migrate("litellm", written(tmp_path, {"model_list": [deployment("a", **more)]}))

    assert f"without {name}: " in done.report
    assert "os.environ" not in done.text("tollbridge.toml")


def test_each_name_of_what_is_not_carried_over_is_there(migrate, tmp_path) -> None:
    more = {f"param_{number}": number for number in range(12)}

    report = migrate("litellm", written(tmp_path, {"model_list": [deployment("a", **more)]})).report

    assert not [name for name in more if name.replace("_", "\\_") not in report]


def test_variables_of_addresses_are_among_those_that_must_be_there(migrate, file) -> None:
    report = migrate("litellm", file).report

    assert "`AZURE_API_BASE`: where eu is" in report
    assert "`AZURE_VERSION`: " in report


def test_a_wildcard_leads_to_the_section_that_it_has(migrate, tmp_path) -> None:
    names = {"*": "sk-one-in-clear", "openai/*": "sk-two-in-clear"}
    models = [deployment(name, "openai/*", api_key=key) for name, key in names.items()]

    done = migrate("litellm", written(tmp_path, {"model_list": models}))

    assert "as openai-2/NAME" in done.report
    assert "openai-2" in done.config["providers"]


@pytest.mark.parametrize("name", ["a\nb", "m" * 201])
def test_a_deployment_that_finds_no_place_is_left_and_nothing_else(migrate, tmp_path, name) -> None:
    done = migrate("litellm", written(tmp_path, {"model_list": [deployment(name)]}), "--json")

    (thing,) = json.loads(done.said)["things"]
    assert (thing["kind"], thing["became"]) == ("deployment", "left")


def test_of_over_a_hundred_deployments_of_a_name_each_is_carried_or_left(migrate, tmp_path) -> None:
    models = [deployment("a", f"openai/{number}") for number in range(102)]

    done = migrate("litellm", written(tmp_path, {"model_list": models}), "--json")

    became = [thing["became"] for thing in json.loads(done.said)["things"]]
    assert (became.count("carried"), became.count("left"), len(became)) == (100, 2, 102)


def test_what_has_no_section_is_left_and_never_carried(migrate, tmp_path) -> None:
    models = [deployment("a", "bedrock/x", api_key="one-key"), deployment("b", "bedrock/y", api_key="another-key")]
    config = {"model_list": models, "router_settings": {"model_group_alias": {"c": "b"}, "fallbacks": [{"a": ["b"]}]}}

    done = migrate("litellm", written(tmp_path, config), "--json")

    things = {(one["kind"], one["name"]): one["became"] for one in json.loads(done.said)["things"]}
    assert things == {
        ("deployment", "a: bedrock/x"): "carried",
        ("deployment", "b: bedrock/y"): "left",
        ("alias", "c"): "left",
        ("fallback", "a"): "left",
    }
    assert set(done.config["models"]) == {"a"}


def test_a_hidden_alias_says_that_it_is_listed(migrate, tmp_path) -> None:
    aliases = {"model_group_alias": {"smart": {"model": "a", "hidden": True}}}
    config = {"model_list": [deployment("a")], "router_settings": aliases}

    assert "it is listed, which it was not" in migrate("litellm", written(tmp_path, config)).report


@pytest.mark.parametrize(
    "name", ["PATH", "PROMPT_COMMAND", "LD_PRELOAD", "TOLLBRIDGE_URL", "PIP_INDEX_URL", "BASH_ENV"]
)
def test_a_variable_that_a_shell_or_this_program_obeys_is_not_set(migrate, tmp_path, name) -> None:
    config = {"model_list": [deployment("a")], "environment_variables": {name: "touch /tmp/evil", "MINE_API_KEY": "x"}}

    done = migrate("litellm", written(tmp_path, config), "--with-secrets")

    assert done.text("secrets.env") == "# set by environment_variables\nMINE_API_KEY=x\n"
    assert "variable " + name.replace("_", "\\_") in done.report.partition("## Not carried over")[2]


def test_a_key_of_an_access_group_calls_the_models_in_it(migrate, tmp_path) -> None:
    models = [deployment(name, info={"access_groups": ["beta"]}) for name in ("a", "b")]
    (tmp_path / "keys.json").write_text(json.dumps([{**KEY, "models": ["beta", "gone"]}]))

    done = migrate("litellm", written(tmp_path, {"model_list": models}), "--keys", tmp_path / "keys.json")

    assert done.tokens[0]["scopes"] == ["ai:*", "model:a", "model:b", "model:gone"]
    assert "no model gone was carried over" in done.report


def test_settings_with_a_counterpart_are_options_and_others_are_named(migrate, file) -> None:
    done = migrate("litellm", file)

    assert done.config["upstream"] == {"total_timeout_s": 42.0, "strict": False}
    assert done.config["server"] == {"max_body_bytes": 8 * 1024 * 1024}
    for name in ("routing\\_strategy", "master\\_key", "database\\_url", "success\\_callback", "guardrails"):
        assert name in done.report


def test_what_is_not_carried_over_is_named_with_its_reason(migrate, file) -> None:
    report = migrate("litellm", file).report.partition("## Not carried over")[2]

    assert "deployment strange: watsonx/ibm/granite: which provider serves" in report
    assert "deployment \\*: models are named one by one" in report
    assert "deployment 10: it has no model\\_name" in report


def test_no_secret_is_written_unless_it_is_asked_for(migrate, file) -> None:
    done = migrate("litellm", file, "--json")

    assert not [secret for secret in SECRETS if secret in done.everything or secret in done.said]
    names = {one["name"] for one in json.loads(done.said)["missing_secrets"]}
    assert {"LITELLM_ANTHROPIC_API_KEY", "LITELLM_ANTHROPIC_API_KEY_2", "AZURE_EU_KEY", "REDIS_PASSWORD"} <= names


def test_secrets_that_are_asked_for_are_in_one_file_for_nobody_else(migrate, file) -> None:
    done = migrate("litellm", file, "--with-secrets")
    path = done.folder / "secrets.env"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "LITELLM_ANTHROPIC_API_KEY=sk-ant-clear-and-secret\n" in path.read_text()
    others = done.everything.replace(path.read_text(), "")
    assert not [secret for secret in SECRETS if secret in others]
    assert "sk-master-of-all" not in path.read_text()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: !!python/object/apply:os.system [echo]", "the tag"),
        ("model_list: [\n", "this is no YAML"),
        ("- 1", "no configuration of LiteLLM"),
        ("other: 1", "no configuration of LiteLLM"),
        ("", "no configuration of LiteLLM"),
        ("a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
         "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nmodel_list: [*e,*e,*e,*e,*e,*e,*e,*e]",
         "over 200,000 values"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(migrate, tmp_path, text, sentence) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)

    done = migrate("litellm", path, fails=True)

    assert sentence in str(done.failed)
    assert not done.folder.exists()


def test_a_folder_that_holds_something_is_left_alone(migrate, file, tmp_path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")

    assert "is not empty" in str(migrate("litellm", file, fails=True).failed)


EVERY = ["ai:*", *(f"model:{name}" for name in ("gpt-4o", "claude", "claude-two", "llama", "eu", "named", "smart"))]
KEY = {"token": "ab" * 32, "key_alias": "shop", "models": [], "spend": 1.0, "max_budget": None, "blocked": None}


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, {"scopes": [*EVERY, "model:groq/*"]}),
        ({"models": ["gpt-4o", "gpt-4o"]}, {"scopes": ["ai:*", "model:gpt-4o"]}),
        ({"models": ["all-proxy-models"]}, {"scopes": [*EVERY, "model:groq/*"]}),
        ({"max_budget": 10.5, "budget_duration": "30d"}, {"budget": "10.5/month"}),
        ({"max_budget": 10, "budget_duration": "24h"}, {"budget": "10/day"}),
        ({"max_budget": 10, "budget_duration": "7d"}, {"budget": "10/month"}),
        ({"max_budget": 10, "budget_duration": "1mo"}, {"budget": "10/month"}),
        ({"max_budget": 10, "budget_duration": "90d"}, {"budget": "10/total"}),
        ({"max_budget": 10}, {"budget": "9/total"}),  # 1 of 10 is spent
        ({"rpm_limit": 5, "tpm_limit": 6, "max_parallel_requests": 7},
         {"requests_per_minute": 5, "tokens_per_minute": 6, "concurrency": 7}),
        ({"expires": "2999-01-01T00:00:00"}, {"expires": "2999-01-01T00:00:00+00:00"}),
        ({"user_id": "ada", "team_id": "t-1", "models": ["gpt-4o"]},
         {"owner": "ada", "metadata": {"litellm_team": "t-1"}, "scopes": ["ai:*", "model:gpt-4o"]}),
    ],
)  # fmt: skip
def test_a_key_goes_on_opening_never_wider_than_it_was(migrate, file, tmp_path, more, line) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps([{**KEY, **more}]))

    (made,) = migrate("litellm", file, "--keys", keys).tokens

    assert made["hash"] == f"sha256:{'ab' * 32}"
    assert made["name"] == "shop"
    assert {key: made[key] for key in line} == line


@pytest.mark.parametrize(
    "more",
    [
        {"blocked": True},
        {"token": "sk-in-clear"},
        {"expires": "2020-01-01T00:00:00"},
        {"expires": "soon"},
        {"allowed_routes": ["/x"]},
        {"permissions": {"a": 1}},
        {"model_max_budget": {"gpt-4o": 1}},
        {"models": ["all-team-models"]},
        {"models": [], "team_id": "t-1"},
        {"budget_id": "b-1"},
        {"project_id": "p-1"},
        {"access_group_ids": ["g-1"]},
        {"metadata": {"model_rpm_limit": {"gpt-4o": 1}}},
        {"models": ["no-default-models"]},
        {"models": ["a b"]},
        {"models": [f"m{number}" for number in range(100)]},
        {"max_budget": 1.0},
        {"max_budget": 0},
        {"max_budget": "x"},
        {"rpm_limit": 0},
    ],
)
def test_a_key_that_would_be_wider_is_left(migrate, file, tmp_path, more) -> None:
    keys = tmp_path / "keys.jsonl"
    keys.write_text(json.dumps({**KEY, **more}) + "\n")

    done = migrate("litellm", file, "--keys", keys)

    assert done.tokens == []
    assert "key shop: " in done.report.partition("## Not carried over")[2].partition("## Carried over")[0]
    assert "sk-in-clear" not in done.everything


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_ends_where_a_line_does_and_at_nothing_that_stands_in_a_text(migrate, file, tmp_path, end) -> None:
    rows = [{**KEY, "token": letter * 64, "user_id": f"Zoe\u2028{letter}\u0085"} for letter in "ab"]
    keys = tmp_path / "keys.jsonl"
    keys.write_bytes(end.join(json.dumps(row, ensure_ascii=False) for row in rows).encode())

    assert [line["hash"] for line in migrate("litellm", file, "--keys", keys).tokens] == [
        f"sha256:{letter * 64}" for letter in "ab"
    ]


def test_a_table_of_keys_that_is_none_is_refused(migrate, file, tmp_path) -> None:
    keys = tmp_path / "keys.jsonl"
    keys.write_text("{")

    assert "no table of keys" in str(migrate("litellm", file, "--keys", keys, fails=True).failed)
