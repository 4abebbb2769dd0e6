"""Configurations of Portkey (src/middlewares/requestValidator/schema/config.ts of Portkey-AI/gateway at 669825cb)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tollbridge_migrate.gathering import MOST_TARGETS, Gathering, Host, Target
from tollbridge_migrate.naming import slug, variable
from tollbridge_migrate.placing import usable_url
from tollbridge_migrate.providernames import PORTKEY
from tollbridge_migrate.reading import BadForeign, a_list, a_number, a_text, an_object
from tollbridge_migrate.reporting import Became, told

_MOST_CONFIGS, _DEEPEST, _LONGEST_HEADER = 1_000, 10, 500
_MARKS = frozenset(("strategy", "targets", "provider", "virtual_key", "api_key", "cache", "retry", "request_timeout"))
_HUMP = re.compile("(?<=[a-z0-9])([A-Z])")
_IN_ORDER = "targets are tried in order"
_WHY = {
    "cache": "answers of models are not cached",
    "retry": "each target is tried once, then the next",
    "request_timeout": "timeouts are those of [upstream]",
    "on_status_codes": "the next target is tried after 429, 5xx and no answer",
    "weight": _IN_ORDER,
    "forward_headers": "headers of callers are not passed on",
    **dict.fromkeys(("before_request_hooks", "after_request_hooks"), "policies are plugins: docs/plugins.md"),
    **dict.fromkeys(("input_guardrails", "output_guardrails"), "policies are plugins: docs/plugins.md"),
    "strict_open_ai_compliance": "answers keep to their dialect",
}
_READ = frozenset(
    (
        *("strategy", "targets", "provider", "virtual_key", "api_key", "custom_host", "override_params", "name"),
        *("index", "id", "resource_name", "deployment_id", "api_version", "openai_organization", "openai_project"),
    )
)
_MODES = ("single", "fallback", "loadbalance", "conditional")
_OF_STRATEGY = frozenset(("mode", "on_status_codes", "conditions", "default"))
_CREDENTIALS = "credentials of this kind are to be given by hand: docs/providers.md"


class Configs:
    """Reads configurations; `providers` says whose the virtual keys are, which no configuration tells."""

    def __init__(self, gathering: Gathering, *, model: str = "", providers: Mapping[str, str] | None = None) -> None:
        self._gathering = gathering
        self._model = model
        self._providers = dict(providers or {})

    def read(self, content: Any, name: str) -> None:
        """Gather a file of one configuration or several; raises `BadForeign`."""
        found = list(_configs(content, name))
        if not found:
            raise BadForeign(
                "this is no configuration of Portkey: an object with targets, or with a provider; the list of its API "
                "only names them, GET /v1/configs/SLUG gives one"
            )
        for number, (its_name, config) in enumerate(found):
            if number >= _MOST_CONFIGS:
                self._gathering.left("configuration", its_name, f"over {_MOST_CONFIGS} are not read")
                return
            self._config(its_name, config)

    def _config(self, name: str, config: Mapping[str, Any]) -> None:
        """Make a model of a configuration: what it would be asked for goes to its targets."""
        lost: dict[str, str] = {}
        self._model_of("configuration", name, name, self._targets(name, config, lost, 0), lost)

    def _model_of(self, kind: str, shown: str, model: str, targets: Iterable[Target], lost: dict[str, str]) -> None:
        """Put targets behind a name, and say what became of that; `lost` is whole once they were gone through."""
        found = list(targets)
        taken = [target for target in found[:MOST_TARGETS] if self._gathering.target(model, target)]
        if not found:
            self._gathering.left(kind, shown, "none of its targets could be carried over")
            return
        if not taken:
            self._gathering.left(kind, shown, "there are too many models or hosts, or its name can be none of a model")
            return
        if len(taken) < len(found):
            lost["some targets"] = f"a model has at most {MOST_TARGETS}, and there is an end to hosts too"
        became, more = (Became.PARTLY, f"; {told(lost)}") if lost else (Became.CARRIED, "")
        self._gathering.claim(became, kind, shown, f"as the model {model}{more}", taken)

    def _targets(self, name: str, own: Mapping[str, Any], lost: dict[str, str], depth: int) -> Iterator[Target]:
        """Give the targets below a part, in the order they are to be tried."""
        for key in own.keys() - _READ:
            lost[key] = _WHY.get(key, _CREDENTIALS if _is_credential(key) else "there is no counterpart")
        inner = [_below(own, an_object(one)) for one in a_list(own.get("targets"))]
        if not inner:
            target = self._target(name, own, lost)
            if target is None:
                lost["targets"] = "some could not be carried over; each is named"
            else:
                yield target
            return
        if depth >= _DEEPEST:
            self._gathering.left("target", name, f"configurations over {_DEEPEST} deep are not read")
            lost["targets"] = "some could not be carried over; each is named"
            return
        for one in self._chosen(name, an_object(own.get("strategy")), inner, lost, depth):
            yield from self._targets(name, one, lost, depth + 1)

    def _chosen(
        self,
        name: str,
        strategy: Mapping[str, Any],
        inner: Sequence[Mapping[str, Any]],
        lost: dict[str, str],
        depth: int,
    ) -> Sequence[Mapping[str, Any]]:
        """Give the targets of a strategy in the order they are to be tried, and note what of it is not so here."""
        mode = a_text(strategy.get("mode"))
        for key in strategy.keys() - _OF_STRATEGY:
            lost[f"strategy.{key}"] = "there is no counterpart"
        if strategy.get("on_status_codes"):
            lost["on_status_codes"] = _WHY["on_status_codes"]
        elif mode == "fallback":
            lost["fallback"] = "the next target is tried after 429, 5xx and no answer, not after each failure"
        if mode == "conditional":
            return self._conditional(name, strategy, inner, lost, depth)
        if mode == "loadbalance":
            lost["loadbalance"] = f"{_IN_ORDER}, the heaviest first"
            weighed = sorted(inner, key=lambda one: -(a_number(one.get("weight")) or 1))
            used = [one for one in weighed if a_number(one.get("weight")) != 0]
            if len(used) < len(inner):
                lost["weight 0"] = "such targets are left, for they were never chosen"
            return used
        if mode == "single":
            if len(inner) > 1:
                lost["single"] = "targets behind the first are left, for they were never chosen"
            return inner[:1]
        if mode != "fallback":
            lost["strategy"] = f"what it says is none of {', '.join(_MODES)}, so {_IN_ORDER}"
        return inner

    def _conditional(
        self,
        name: str,
        strategy: Mapping[str, Any],
        inner: Sequence[Mapping[str, Any]],
        lost: dict[str, str],
        depth: int,
    ) -> Sequence[Mapping[str, Any]]:
        """Give the target that is meant where no condition holds; each of the others becomes a model of its own."""
        default = a_text(strategy.get("default"))
        named = {its: one for one in reversed(inner) if (its := a_text(one.get("name")))}
        lost["conditional"] = "callers name a model: each target is one, and the default is this"
        if len(named) < len(inner):
            lost["targets without a name of their own"] = "no condition leads to them"
        if default not in named:
            lost["default"] = "it names none of the targets"
        for its, one in reversed(named.items()):
            if its != default:
                shown, model = f"{name}: {its}", f"{name}-{its}"
                also = {"its condition": "callers name the model"}
                self._model_of("condition", shown, model, self._targets(model, one, also, depth + 1), also)
        return [named[default]] if default in named else []

    def _target(self, name: str, part: Mapping[str, Any], lost: dict[str, str]) -> Target | None:
        params = an_object(part.get("override_params"))
        key, provider = a_text(part.get("virtual_key")), a_text(part.get("provider"))
        model = a_text(params.get("model")) or self._model
        if provider.startswith("@"):
            key, provider = provider[1:], ""
        if model.startswith("@"):
            key, _, model = model[1:].partition("/")
            provider = ""
        provider = provider or self._providers.get(key, "")
        shown = f"{name}: {provider or key or 'target'}"
        if not model:
            self._gathering.left("target", shown, "it names no model; say which with --model")
            return None
        host, why = self._host(shown, provider, key, part)
        if host is None:
            self._gathering.left("target", shown, why)
            return None
        lost |= {f"override_params.{param}": _ASKED for param in params if param != "model"}
        return Target(host, model)

    def _host(self, shown: str, provider: str, key: str, part: Mapping[str, Any]) -> tuple[Host | None, str]:
        said = a_text(part.get("custom_host"))
        url = usable_url(said) if said else ""
        if said and not url:
            return None, "its custom_host is no URL that can be used"
        if not provider:
            return (
                None,
                f"whose the virtual key {key[:60]!r} is it does not say; say so with --virtual-key {key[:60]}=NAME",
            )
        base = PORTKEY.get(provider, "")
        if not base and not url:
            return None, f"the provider {provider[:60]!r} has no counterpart"
        reference = self._reference(shown, provider, key, a_text(part.get("api_key")))
        label = slug(key) if key else ""
        if base == "azure-deployments":
            return _azure(part, reference, label)
        sent = (("OpenAI-Organization", "openai_organization"), ("OpenAI-Project", "openai_project"))
        headers = tuple((header, said) for header, key in sent if (said := _sendable(part.get(key))))
        dialect = "openai-chat" if url and base in ("", "openai") else ""
        base = "" if dialect else base
        return Host(base=base, url=url, dialect=dialect, key=reference, headers=headers, label=label), ""

    def _reference(self, shown: str, provider: str, key: str, clear: str) -> str:
        if clear:
            return self._gathering.secret(clear, f"the key of {provider} for {shown}", "portkey", provider, "api_key")
        if key:
            return self._gathering.wanted(
                variable("portkey", key), f"the key of {provider} behind the virtual key {key[:60]}"
            )
        return ""


_ASKED = "what a model is asked with is the caller's to say, or a prompt API's"


def _below(above: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a target with what it has from the part that it stands in (src/handlers/handlerUtils.ts)."""
    params = {**an_object(above.get("override_params")), **an_object(own.get("override_params"))}
    host = own.get("custom_host") or above.get("custom_host")
    return {**own, **({"override_params": params} if params else {}), **({"custom_host": host} if host else {})}


def _sendable(said: Any) -> str:
    text = a_text(said)
    return text if text.isascii() and text.isprintable() and len(text) <= _LONGEST_HEADER else ""


def _azure(part: Mapping[str, Any], reference: str, label: str) -> tuple[Host | None, str]:
    resource, deployment = a_text(part.get("resource_name")), a_text(part.get("deployment_id"))
    version = a_text(part.get("api_version"))
    if not (resource or deployment or version):
        return Host(base="azure-deployments", key=reference, label=label), ""
    if not all(re.fullmatch("[A-Za-z0-9._-]{1,100}", one) for one in (resource, deployment, version)):
        return None, "Azure needs a resource_name, a deployment_id and an api_version"
    url = f"https://{resource}.openai.azure.com/openai/deployments/{deployment}?api-version={version}"
    return Host(base="azure-deployments", url=url, key=reference, label=label), ""


def _configs(content: Any, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Find configurations: one, a list, or as the admin API gives them, with names."""
    if isinstance(content, list):
        for number, one in enumerate(content, 1):
            yield from _configs(one, f"{name}-{number}")
        return
    said = an_object(content)
    inner = said.get("data", said.get("config", said.get("configs")))
    if isinstance(inner, dict | list) and not _MARKS & said.keys():
        yield from _configs(inner, slug(a_text(said.get("slug")) or a_text(said.get("name")), name))
        return
    snake = _snake(said, 0)
    if _MARKS & snake.keys():
        yield name, snake


def _snake(value: Any, depth: int) -> Any:
    """Give members in snake case, as the gateway takes either; what is below `override_params` stays."""
    if isinstance(value, list):
        return [_snake(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    named = {_HUMP.sub(lambda found: f"_{found[1].lower()}", key): one for key, one in value.items()}
    return {key: one if key == "override_params" else _snake(one, depth + 1) for key, one in named.items()}


def _is_credential(key: str) -> bool:
    return any(word in key for word in ("aws_", "vertex_", "azure_", "_key", "_token", "secret"))
