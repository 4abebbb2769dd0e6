"""Channels of one-api and new-api: each is a host, and its models are targets."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tollbridge_migrate.gathering import Gathering, Host, Target, names_of
from tollbridge_migrate.naming import slug
from tollbridge_migrate.placing import usable_url
from tollbridge_migrate.providernames import (
    COMPOUND,
    NEW_API,
    NEW_API_COMPATIBLE,
    ONE_API,
    ONE_API_COMPATIBLE,
)
from tollbridge_migrate.reading import a_text, an_object
from tollbridge_migrate.reporting import Became

_ENABLED = 1
_MOST_KEYS, _MOST_MODELS = 20, 2_000
_WHOLE_URL = 50
"""The type of one-api whose URL has its version in it; others get /v1 behind theirs."""
_VERSION = re.compile("[0-9a-z-]{1,40}")
_UNREAD = {
    "system_prompt": "prompts are those of prompt APIs",
    "param_override": "what a model is asked with is the caller's to say",
    "header_override": "headers of a provider stand in its section",
    "status_code_mapping": "there is no counterpart",
}


class Channels:
    """Makes hosts and targets of channels.  `groups` are the models that users of each group may call."""

    def __init__(self, gathering: Gathering, *, is_new: bool) -> None:
        self.groups: dict[str, set[str]] = {}
        self.shares = False
        self._gathering = gathering
        self._is_new = is_new
        self._names = NEW_API if is_new else ONE_API
        self._compatible = NEW_API_COMPATIBLE if is_new else ONE_API_COMPATIBLE
        self._ranks: dict[str, Any] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Take one channel; those that go first come first."""
        name = a_text(row.get("name")) or str(row.get("id"))
        if row.get("status") != _ENABLED:
            self._gathering.left("channel", name, "it is disabled")
            return
        hosts, why = self._hosts(name, row)
        if not hosts:
            self._gathering.left("channel", name, why)
            return
        renamed = _object(row.get("model_mapping"))
        models = list(_split(a_text(row.get("models"))))
        groups = [self.groups.setdefault(group, set()) for group in _split(a_text(row.get("group"))) or ("default",)]
        found = {model: self._add(model, a_text(renamed.get(model)), hosts, groups) for model in models[:_MOST_MODELS]}
        taken = [model for model, targets in found.items() if targets]
        self._look(taken, row.get("priority"))
        lost = [
            f"{key}: {why}" for key, why in _UNREAD.items() if a_text(row.get(key)).strip() not in ("", "{}", "null")
        ]
        left = [model for model in models if not found.get(model)]
        over = len(list(_keys(a_text(row.get("key"))))) - _MOST_KEYS
        if over > 0:
            lost.append(f"{over} of its keys are not taken: a channel may have {_MOST_KEYS} here")
        if left:
            lost.append(f"{len(left)} of its models are not taken: {names_of(left)}")
        if not taken:
            self._gathering.left("channel", name, "; ".join(lost) or "it names no model")
            return
        became, told = (Became.PARTLY, f"; {'; '.join(lost)}") if lost else (Became.CARRIED, "")
        why = f"as a provider of {len(taken)} models: {names_of(taken)}{told}"
        self._gathering.claim(became, "channel", name, why, [one for targets in found.values() for one in targets])

    def _add(self, model: str, renamed: str, hosts: Sequence[Host], groups: Sequence[set[str]]) -> Sequence[Target]:
        """Put a model's targets behind its name, and give those for which there was room."""
        if "*" in model:  # in a scope it would stand for any text
            return ()
        targets = [Target(host, renamed or model) for host in hosts]
        made = [target for target in targets if self._gathering.target(model, target)]
        if made:
            for group in groups:
                group.add(model)
        return made

    def _look(self, models: Sequence[str], priority: Any) -> None:
        """See whether channels of one priority share a model: there it is chance that chooses."""
        for model in models:
            self.shares = self.shares or (model in self._ranks and self._ranks[model] == (priority or 0))
            self._ranks[model] = priority or 0

    def _hosts(self, name: str, row: Mapping[str, Any]) -> tuple[Sequence[Host], str]:
        """Give a host for each key of a channel, or why there is none."""
        kind = row.get("type")
        number = kind if isinstance(kind, int) else 0
        base = self._names.get(number, "")
        if not base and number not in self._compatible:
            return (), f"channels of type {number} have no counterpart"
        if base in COMPOUND:
            return (), f"the credential of {base} is more than a key; write its section by hand: docs/providers.md"
        said = a_text(row.get("base_url")).strip()
        url = usable_url(said) if said else ""
        if (said and not url) or (not said and not base):
            return (), "its base_url is no URL that can be used"
        more, why = self._way(number, base, url, row)
        if why:
            return (), why
        keys = list(_keys(a_text(row.get("key"))))[:_MOST_KEYS] or [""]
        purpose = f"the key of the channel {name}"
        references = [self._gathering.secret(key, purpose, "channel", name) if key else "" for key in keys]
        return [Host(key=reference, label=slug(name), **more) for reference in references], ""

    def _way(self, number: int, base: str, url: str, row: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Give where a channel leads, or why that is not known."""
        organization = a_text(row.get("openai_organization"))
        headers = (("OpenAI-Organization", organization),) if organization and organization.isascii() else ()
        if base == "azure-deployments":
            version = a_text(_object(row.get("config")).get("api_version")) or a_text(row.get("other"))
            if not url or not _VERSION.fullmatch(version):
                return {}, "Azure needs a base_url and a version of its API"
            return {"base": base, "url": f"{url}/openai/deployments/{{model}}?api-version={version}"}, ""
        if not url:
            return {"base": base, "headers": headers}, ""
        if base in ("", "openai"):
            whole = not self._is_new and number == _WHOLE_URL
            return {"url": url if whole else f"{url}/v1", "dialect": "openai-chat", "headers": headers}, ""
        return {"base": base, "url": _versioned(base, url)}, ""


def _versioned(base: str, url: str) -> str:
    """Give a URL with the version that the dialect's paths stand behind."""
    version = {"gemini": "/v1beta", "ollama": ""}.get(base, "/v1")
    return url if url.endswith(version) else f"{url}{version}"


def _keys(text: str) -> Iterator[str]:
    """Give the keys of a channel: one a line, or an array."""
    said = text.strip()
    if said.startswith("["):
        try:
            found = json.loads(said)
        except (ValueError, RecursionError):
            found = []
        yield from (one.strip() for one in found if isinstance(one, str) and one.strip())
        return
    yield from (line.strip() for line in said.splitlines() if line.strip())


def _split(text: str) -> Sequence[str]:
    return list(dict.fromkeys(part for one in text.split(",") if (part := one.strip())))


def _object(value: Any) -> Mapping[str, Any]:
    """Read an object that stands in a text."""
    try:
        return an_object(json.loads(a_text(value) or "{}"))
    except (ValueError, RecursionError):
        return {}
