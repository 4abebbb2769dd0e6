"""The `model_list` of LiteLLM: each deployment is a target of the model it has the name of."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge.administering import is_secret_name
from tollbridge_migrate.gathering import PLACE, Gathering, Host, Target
from tollbridge_migrate.placing import usable_url
from tollbridge_migrate.providernames import LITELLM
from tollbridge_migrate.reading import a_count, a_text, an_object, may_be_secret, texts, usd_per_million
from tollbridge_migrate.reporting import Became, told

_FROM_ENVIRONMENT = re.compile(r"os\.environ/([A-Za-z_][A-Za-z0-9_]{0,99})")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_BARE = {
    **dict.fromkeys(("gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "dall-e-", "whisper-", "tts-"), "openai"),
    "claude-": "anthropic",
    "command": "cohere",
}
"""Providers of models that are named without one, by how those begin; LiteLLM has a list of them all."""
_COMPATIBLE = frozenset(("openai", "custom_openai", "openai_like", "litellm_proxy", "hosted_vllm"))
_PRICES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
}
_LIMITS = {"max_input_tokens": "context", "max_output_tokens": "max_output"}
_CREDENTIAL = ("api_key", "api_base", "api_version")
_READ = frozenset(
    (*_CREDENTIAL, *_PRICES, "model", "base_url", "organization", "extra_headers", "order", "litellm_credential_name")
)
_LAST = 2**53
_KNOWN_INFO = frozenset((*_PRICES, *_LIMITS, "id", "mode", "base_model", "version", "max_tokens", "access_groups"))
"""Of `model_info`: what is carried over, and what only describes."""
_OWN_WAY = {
    **dict.fromkeys(("rpm", "tpm", "max_parallel_requests"), "limits are those of tokens, teams and services"),
    "weight": "targets are tried in order",
    **dict.fromkeys(("timeout", "stream_timeout"), "timeouts are those of [upstream]"),
    "aws_region_name": "set AWS_REGION in the environment",
    "vertex_project": "set GOOGLE_CLOUD_PROJECT in the environment",
    "vertex_location": "set GOOGLE_CLOUD_LOCATION in the environment",
}
_CREDENTIALS = "credentials of this kind are to be given by hand: docs/providers.md"
_SET_BY_CALLERS = "what a model is asked with is the caller's to say, or a prompt API's"


@dataclass(frozen=True, slots=True)
class _Deployment:
    shown: str
    name: str
    order: int
    target: Target
    options: Mapping[str, Any]
    lost: Mapping[str, str]
    groups: Sequence[str]


class Deployments:
    """The deployments of a file, which become targets in their order.  `groups` are the models of access groups."""

    def __init__(self, gathering: Gathering, credentials: Sequence[Any]) -> None:
        self.groups: dict[str, dict[str, None]] = {}
        self._gathering = gathering
        self._found: list[_Deployment] = []
        self._credentials = {
            a_text(one.get("credential_name")): an_object(one.get("credential_values"))
            for one in map(an_object, credentials)
        }

    def add(self, number: int, entry: Mapping[str, Any]) -> None:
        """Take one entry of the list."""
        params, info = an_object(entry.get("litellm_params")), an_object(entry.get("model_info"))
        name, model = a_text(entry.get("model_name")), a_text(params.get("model"))
        shown = f"{name or number}: {model}"
        if not name or not model:
            self._gathering.left("deployment", name or number, "it has no model_name, or no litellm_params.model")
            return
        if "*" in name or "*" in model:
            self._wildcard(name, model, params, info)
            return
        host, its_name, why = self._host(name, model, params)
        if host is None:
            self._gathering.left("deployment", shown, why)
            return
        order = a_count(params.get("order")) or _LAST
        target, lost = Target(host, its_name), _lost(params, info)
        groups = texts(info.get("access_groups"))
        self._found.append(_Deployment(shown, name, order, target, _options(params, info), lost, groups))

    def place(self) -> None:
        """Put the targets behind their names: by `order`, then as they stand."""
        for one in sorted(self._found, key=lambda one: one.order):
            if not self._gathering.target(one.name, one.target):
                self._gathering.left("deployment", one.shown, "there are too many, or its name can be none of a model")
                continue
            for group in one.groups:
                self.groups.setdefault(group, {})[one.name] = None
            became = Became.PARTLY if one.lost else Became.CARRIED
            why = f"as a target, without {told(one.lost)}" if one.lost else "as a target"
            self._gathering.claim(became, "deployment", one.shown, why, [one.target])
            options = self._gathering.models[one.name].options
            for key, value in one.options.items():
                options.setdefault(key, value)

    def _wildcard(self, name: str, model: str, params: Mapping[str, Any], info: Mapping[str, Any]) -> None:
        prefix, _, rest = model.partition("/")
        base = LITELLM.get(prefix, "")
        plain = not any(params.get(key) for key in ("api_base", "base_url", "litellm_credential_name"))
        if rest == "*" and name in ("*", model) and base and plain:
            host = Host(base=base, key=self._key(name, prefix, params))
            self._gathering.hosts[host] = self._gathering.whole[host] = None
            lost = {"the bare names": "callers name the provider too"} if name == "*" else {}
            lost |= _lost(params, info)
            why = f"every model of it can be called as {PLACE}/NAME{f', without {told(lost)}' if lost else ''}"
            self._gathering.claim(
                Became.PARTLY if lost else Became.CARRIED, "deployment", name, why, [Target(host, rest)]
            )
        else:
            self._gathering.left("deployment", name, "models are named one by one; all of a provider are provider/NAME")

    def _host(self, name: str, model: str, params: Mapping[str, Any]) -> tuple[Host | None, str, str]:
        """Give the host of a deployment and the model's name there, or why there is none."""
        named = a_text(params.get("litellm_credential_name"))
        if named and named not in self._credentials:
            return None, "", f"the credential {named!r} is not in credential_list"
        said = {**params, **self._credentials.get(named, {})}
        prefix, slash, rest = model.partition("/")
        given = a_text(params.get("custom_llm_provider"))
        if given or not slash or not (prefix in LITELLM or prefix in _COMPATIBLE):
            prefix, rest = given or next((its for start, its in _BARE.items() if model.startswith(start)), ""), model
        url, why = self._url(name, a_text(said.get("api_base")) or a_text(said.get("base_url")))
        if why:
            return None, "", why
        if not (prefix in LITELLM or (prefix in _COMPATIBLE and url)):
            return None, "", f"which provider serves {model[:80]!r} is not known here"
        base = _vertex(rest) if prefix.startswith("vertex_ai") else LITELLM.get(prefix, "")
        more: dict[str, Any] = {"key": self._key(name, prefix, said), "headers": _headers(said)}
        if prefix == "azure":
            return self._azure(name, url, a_text(said.get("api_version")), more, rest)
        if prefix in _COMPATIBLE and url:
            return Host(url=url, dialect="openai-chat", label=name, **more), rest, ""
        if base == "anthropic" and url and not url.endswith("/v1"):
            url = f"{url}/v1"
        return Host(base=base, url=url, **more), rest, ""

    def _key(self, name: str, prefix: str, params: Mapping[str, Any]) -> str:
        """Give the reference to a key, empty where the provider's own variable is meant, or none."""
        key = a_text(params.get("api_key"))
        named = _FROM_ENVIRONMENT.fullmatch(key)
        if named:
            return self._gathering.wanted(named[1], f"the key of {prefix} for {name}")
        if not key or key.lower() in ("none", "null", "fake", "dummy", "empty"):
            return ""
        return self._gathering.secret(key, f"the key of {prefix} for {name}", "litellm", prefix, "api_key")

    def _url(self, name: str, said: str) -> tuple[str, str]:
        """Give the URL of a host, one from a variable as we write that, or why it cannot be used."""
        named = _FROM_ENVIRONMENT.fullmatch(said)
        if named:
            self._gathering.wanted(named[1], f"where {name} is")
            return f"{{{named[1]}}}", ""
        url = usable_url(said) if said else ""
        return url, "its api_base is no URL that can be used" if said and not url else ""

    def _azure(
        self, name: str, url: str, version: str, more: Mapping[str, Any], model: str
    ) -> tuple[Host | None, str, str]:
        if not url:
            return Host(base="azure-deployments", **more), model, ""
        named = _FROM_ENVIRONMENT.fullmatch(version)
        query = f"{{{named[1]}}}" if named else version if re.fullmatch("[0-9a-z-]{1,40}", version) else ""
        if not query:
            return None, "", "Azure's dated surface needs an api_version"
        if named:
            self._gathering.wanted(named[1], f"the version of Azure's API for {name}")
        path = f"{url}/openai/deployments/{{model}}?api-version={query}"
        return Host(base="azure-deployments", url=path, **more), model, ""


def _lost(params: Mapping[str, Any], info: Mapping[str, Any]) -> Mapping[str, str]:
    """Name what of a deployment is not carried over: of what it is asked with, the names alone."""
    unread = [key for key in params if key not in _READ and key != "custom_llm_provider"]
    lost = {key: _CREDENTIALS if is_secret_name(key) else _OWN_WAY.get(key, _SET_BY_CALLERS) for key in unread}
    if params.get("organization") is not None and not _is_header("OpenAI-Organization", params["organization"]):
        lost["organization"] = "one that is a text is a header; of several, and of a variable, write a section each"
    for key, value in an_object(params.get("extra_headers")).items():
        if not _is_header(key, value):
            lost[f"extra_headers.{key}"] = "it may hold a secret, stands in a variable, or cannot be sent"
    return lost | {f"model_info.{key}": "nothing here is decided by it" for key in info if key not in _KNOWN_INFO}


def _vertex(model: str) -> str:
    for start, base in (("claude", "vertex-anthropic"), ("mistral", "vertex-mistral"), ("codestral", "vertex-mistral")):
        if model.startswith(start):
            return base
    return "vertex-openapi" if "/" in model else "vertex"


def _headers(params: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Give the headers of a deployment that hold no secret, as far as their names say."""
    found = {"OpenAI-Organization": params.get("organization"), **an_object(params.get("extra_headers"))}
    return tuple((name, value) for name, value in found.items() if _is_header(name, value))


def _is_header(name: str, value: Any) -> bool:
    fits = isinstance(value, str) and 0 < len(value) <= 4_096 and value.isascii() and value.isprintable()
    usable = fits and not _FROM_ENVIRONMENT.fullmatch(value)
    return usable and bool(_HEADER.fullmatch(name)) and not may_be_secret(name, value)


def _options(params: Mapping[str, Any], info: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the price and the limits of a model, where they are said."""
    said = {**info, **params}
    price = {ours: amount for theirs, ours in _PRICES.items() if (amount := usd_per_million(said.get(theirs)))}
    limits = {ours: count for theirs, ours in _LIMITS.items() if (count := a_count(info.get(theirs)))}
    return {**({"price": price} if price else {}), **limits}
