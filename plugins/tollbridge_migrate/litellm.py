"""LiteLLM's `config.yaml` (docs.litellm.ai/docs/proxy/configs, read 2026-11)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any

from tollbridge_migrate.gathering import MOST_MODELS, MOST_TARGETS, Gathering, names_of
from tollbridge_migrate.litellm_models import Deployments
from tollbridge_migrate.reading import BadForeign, a_count, a_list, a_number, a_text, an_object, texts
from tollbridge_migrate.reporting import Became, told

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
    "include": "merge the files that it names into this one, and read that",
    "allowed_ips": "addresses are bounds of tokens: tollbridge token create --from",
    **dict.fromkeys(("max_budget", "budget_duration"), "budgets are those of tokens, teams and plans"),
    **dict.fromkeys(("max_parallel_requests", "global_max_parallel_requests"), "limits are those of tokens and teams"),
    **dict.fromkeys(("custom_auth", "custom_sso"), "ways to sign in are plugins: docs/plugins.md"),
    "default_litellm_params": "what a model is asked with is the caller's to say, or a prompt API's",
    "pass_through_endpoints": "these are REST services: docs/services.md",
}
_TIMEOUTS = frozenset(("request_timeout", "timeout"))
_VARIABLE = re.compile(
    r"(?!(?:TOLLBRIDGE|PIP|UV|GIT|LD|DYLD|BASH|PYTHON)_)[A-Z][A-Z0-9_]{0,80}"
    r"_(?:KEYS?|TOKENS?|SECRET|PASSWORD|CREDENTIALS|URL|BASE|HOST|PORT|ENDPOINT|VERSION|REGION|PROJECT|LOCATION|ID|NAME)"
)
"""Variables of providers and the like.  What a shell, a loader or this program itself obeys is none of them."""
_NO_COUNTERPART = "there is no counterpart"


def read_litellm(config: Any, gathering: Gathering) -> Mapping[str, Sequence[str]]:
    """Gather what a configuration says, and give the models of its access groups; raises `BadForeign` for what is none.

    A group that has the name of a model is left out, so that a key that names it may call that model alone.
    """
    if not isinstance(config, dict) or not _READ & config.keys():
        raise BadForeign(f"this is no configuration of LiteLLM: it has none of {', '.join(_SECTIONS)}")
    deployments = Deployments(gathering, a_list(config.get("credential_list")))
    for number, entry in enumerate(a_list(config.get("model_list"))):
        deployments.add(number, an_object(entry))
    deployments.place()
    router, library = an_object(config.get("router_settings")), an_object(config.get("litellm_settings"))
    both = {**library, **router}  # the router's own hold where both say something (docs/proxy/config_settings.md)
    _aliases(both, gathering)
    _fallbacks(both, gathering)
    for section in ("router_settings", "litellm_settings", "general_settings"):
        _settings(section, an_object(config.get(section)), gathering, router if section == "litellm_settings" else {})
    _variables(an_object(config.get("environment_variables")), gathering)
    for key in config.keys() - _READ:
        gathering.left("section", key, _WHY.get(key, _NO_COUNTERPART))
    return {group: list(models) for group, models in deployments.groups.items() if group not in gathering.models}


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
        if not fits or alias not in gathering.models:
            gathering.left("alias", alias, "the name cannot be one of a model")
            continue
        gathering.models[alias].options.update(model.options)
        why = f"as a model with the targets of {name}"
        if an_object(said).get("hidden"):
            gathering.claim(Became.PARTLY, "alias", alias, f"{why}; it is listed, which it was not", model.targets)
        else:
            gathering.claim(Became.CARRIED, "alias", alias, why, model.targets)


def _fallbacks(settings: Mapping[str, Any], gathering: Gathering) -> None:
    """Put the targets of fallbacks behind those of their models, as they were before any of that."""
    before = {name: list(part.targets) for name, part in gathering.models.items()}
    chains = [*islice(_chains(settings), MOST_MODELS), *_defaults(settings, list(gathering.models))]
    for name, others in chains:
        if name not in before:
            gathering.left("fallback", name, "no such model was carried over")
            continue
        lost = {other: "no such model was carried over" for other in others if other not in before}
        targets = [target for other in others[:MOST_TARGETS] for target in before.get(other, ())][:MOST_TARGETS]
        taken = [target for target in targets if gathering.target(name, target)]
        if len(taken) < len(targets) or len(others) > MOST_TARGETS:
            lost["what is over"] = f"a model has at most {MOST_TARGETS} targets"
        known = [other for other in others if other in before]
        if not taken:
            if others:
                gathering.left("fallback", name, told(lost))
        elif lost:
            gathering.claim(
                Became.PARTLY, "fallback", name, f"as further targets: {names_of(known)}; without {told(lost)}", taken
            )
        else:
            gathering.claim(Became.CARRIED, "fallback", name, f"as further targets: {names_of(known)}", taken)


def _chains(settings: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    """Give models with what is tried after them; `*` is all the others."""
    for entry in a_list(settings.get("fallbacks")):
        for name, others in an_object(entry).items():
            if name != "*":
                yield name, _names(others)


def _names(said: Any) -> Sequence[str]:
    """Name the models of a fallback: each is a name, or an object that names one beside what it is asked with."""
    listed = said if isinstance(said, list) else [said]
    return [a_text(one) or a_text(an_object(one).get("model")) or "?" for one in listed]


def _defaults(settings: Mapping[str, Any], models: Iterable[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Give what is tried after each model that has no fallbacks of its own (fallback_event_handlers.py there)."""
    entries = [an_object(entry) for entry in a_list(settings.get("fallbacks"))]
    own = {name for entry in entries for name in entry}
    starred = [_names(entry["*"]) for entry in entries if "*" in entry]
    others = [name for names in (*starred, texts(settings.get("default_fallbacks"))) for name in names]
    for model in models if others else ():
        if model not in own:
            yield model, [name for name in others if name != model]


def _settings(
    section: str, settings: Mapping[str, Any], gathering: Gathering, above: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Carry over the few settings that have a counterpart, and name the others.  `above` are those that go before."""
    for key, value in settings.items():
        name = f"{section}.{key}"
        megabytes, seconds = a_count(value), a_number(value)
        if key in above or (key in _TIMEOUTS and _TIMEOUTS & above.keys()):
            gathering.left("setting", name, "router_settings say it too, and these hold")
            continue
        if section != "general_settings" and key in _IN_MODELS:
            continue
        if key in _TIMEOUTS and seconds is not None and 0 < seconds <= 86_400:
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
        if _VARIABLE.fullmatch(name) and isinstance(value, str | int | float):
            gathering.set_variable(name, str(value), "set by environment_variables")
            gathering.partly("variable", name, "to be set in the environment of the gateway, if something here uses it")
        else:
            gathering.left("variable", name, "set it by hand in the environment of the gateway, if it is to be there")
