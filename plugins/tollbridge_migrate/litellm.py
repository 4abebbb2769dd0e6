"""LiteLLM's `config.yaml` (docs.litellm.ai/docs/proxy/configs, read 2026-11)."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from tollbridge_migrate.gathering import MOST_MODELS, MOST_TARGETS, Gathering, ModelPart, names_of
from tollbridge_migrate.litellm_models import Deployments
from tollbridge_migrate.reading import BadForeign, a_count, a_list, a_number, a_text, an_object, texts

_SECTIONS = ("model_list", "router_settings", "litellm_settings", "general_settings")
_READ = frozenset((*_SECTIONS, "environment_variables", "credential_list"))
_IN_MODELS = frozenset(("fallbacks", "default_fallbacks", "model_group_alias"))
"""What is read with the models, of router and library settings alike."""
_WHY = {
    "master_key": "callers show tokens; make one with: tollbridge token create --scope 'admin:*'",
    "database_url": "the store is [store] url; see the store in docs/configuration.md",
    "context_window_fallbacks": "targets are tried in order after 429, 5xx and no answer alone",
    "content_policy_fallbacks": "targets are tried in order after 429, 5xx and no answer alone",
    "routing_strategy": "targets are tried in the order they stand in",
    "num_retries": "each target is tried once, then the next",
    "cache": "answers of models are not cached",
    "cache_params": "answers of models are not cached",
    "success_callback": "calls are told of by webhooks and metrics: docs/webhooks.md",
    "failure_callback": "calls are told of by webhooks and metrics: docs/webhooks.md",
    "callbacks": "calls are told of by webhooks and metrics: docs/webhooks.md",
    "alerting": "what happens is told by webhooks: docs/webhooks.md",
    "guardrails": "policies are plugins: docs/plugins.md",
    "mcp_servers": "MCP servers are services of their own: docs/mcp.md",
    "pass_through_endpoints": "these are REST services: docs/services.md",
}
_NO_COUNTERPART = "there is no counterpart"


def read_litellm(config: Any, gathering: Gathering) -> None:
    """Gather what a configuration says; raises `BadForeign` where it is none."""
    if not isinstance(config, dict) or not _READ & config.keys():
        raise BadForeign(f"this is no configuration of LiteLLM: it has none of {', '.join(_SECTIONS)}")
    deployments = Deployments(gathering, a_list(config.get("credential_list")))
    for number, entry in enumerate(a_list(config.get("model_list"))):
        deployments.add(number, an_object(entry))
    deployments.place()
    for name in ("router_settings", "litellm_settings"):
        _aliases(an_object(config.get(name)), gathering)
    for name in ("router_settings", "litellm_settings"):
        _fallbacks(an_object(config.get(name)), gathering)
    for section in ("router_settings", "litellm_settings", "general_settings"):
        _settings(section, an_object(config.get(section)), gathering)
    _variables(an_object(config.get("environment_variables")), gathering)
    for key in config.keys() - _READ:
        gathering.left("section", key, _WHY.get(key, _NO_COUNTERPART))


def _aliases(settings: Mapping[str, Any], gathering: Gathering) -> None:
    """Make models of other names for models."""
    for alias, said in an_object(settings.get("model_group_alias")).items():
        name = a_text(said) or a_text(an_object(said).get("model"))
        model = gathering.models.get(name)
        if model is None or alias in gathering.models:
            why = "a model has that name" if model is not None else f"no model {name!r} was carried over"
            gathering.left("alias", alias, why)
            continue
        fits = all([gathering.target(alias, target) for target in model.targets])
        if fits and alias in gathering.models:
            gathering.models[alias].options.update(model.options)
            gathering.carried("alias", alias, f"as a model with the targets of {name}")
        else:
            gathering.left("alias", alias, "the name cannot be one of a model")


def _fallbacks(settings: Mapping[str, Any], gathering: Gathering) -> None:
    """Put the targets of fallbacks behind those of their models, as they were before any of that."""
    before = {name: list(part.targets) for name, part in gathering.models.items()}
    chains = [*islice(_chains(settings), MOST_MODELS), *_defaults(settings, gathering.models)]
    for name, all_others in chains:
        others = all_others[:MOST_TARGETS]
        if name not in before:
            gathering.left("fallback", name, "no such model was carried over")
            continue
        unknown = [other for other in others if other not in before]
        for target in islice((target for other in others for target in before.get(other, ())), MOST_TARGETS):
            gathering.target(name, target)
        if unknown:
            gathering.partly("fallback", name, f"without {names_of(unknown)}: no such model was carried over")
        else:
            gathering.carried("fallback", name, f"as further targets: {names_of(others)}")


def _chains(settings: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """Give models with what is tried after them; `*` is all the others."""
    for entry in a_list(settings.get("fallbacks")):
        for name, others in an_object(entry).items():
            if name != "*":
                yield name, texts(others)


def _defaults(settings: Mapping[str, Any], models: Mapping[str, ModelPart]) -> Iterator[tuple[str, Sequence[str]]]:
    starred = [texts(an_object(one).get("*")) for one in a_list(settings.get("fallbacks")) if "*" in an_object(one)]
    others = [name for names in (*starred, texts(settings.get("default_fallbacks"))) for name in names][:MOST_TARGETS]
    if others:
        for model in models:
            yield model, [name for name in others if name != model]


def _settings(section: str, settings: Mapping[str, Any], gathering: Gathering) -> None:
    """Carry over the few settings that have a counterpart, and name the others."""
    for key, value in settings.items():
        name = f"{section}.{key}"
        megabytes, seconds = a_count(value), a_number(value)
        if section != "general_settings" and key in _IN_MODELS:
            continue
        if key in ("request_timeout", "timeout") and seconds is not None and 0 < seconds <= 86_400:
            gathering.option("upstream", "total_timeout_s", float(seconds))
            gathering.carried("setting", name, "as [upstream] total_timeout_s, for all models")
        elif key == "max_request_size_mb" and megabytes is not None and megabytes <= 1_000_000:
            gathering.option("server", "max_body_bytes", megabytes * 1024 * 1024)
            gathering.carried("setting", name, "as [server] max_body_bytes")
        elif key == "drop_params":
            gathering.option("upstream", "strict", value is not True)
            gathering.carried("setting", name, "as [upstream] strict, which is its opposite")
        else:
            gathering.left("setting", name, _WHY.get(key, _NO_COUNTERPART))


def _variables(variables: Mapping[str, Any], gathering: Gathering) -> None:
    """Note variables that the file sets; which of them are secrets it does not say, so all are taken for some."""
    for name, value in variables.items():
        if name.replace("_", "").isalnum() and name.isascii() and not name[0].isdigit():
            gathering.set_variable(name, a_text(value), "set by environment_variables")
            gathering.partly("variable", name, "to be set in the environment of the gateway")
        else:
            gathering.left("variable", name, "this is no name of a variable")
