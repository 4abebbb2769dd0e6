"""Prompts of APIPark as prompt APIs: what its plugins `ai_prompt` and `ai_formatter` are told (controller/ai-api)."""

import json
import re
from collections.abc import Mapping
from typing import Any

from tollbridge_migrate.gathering import Gathering, Host
from tollbridge_migrate.providernames import APIPARK
from tollbridge_migrate.reading import a_list, a_number, a_text, an_object

_MESSAGE = "message"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_BOUNDS = {"temperature": (0, 2), "top_p": (0, 1), "frequency_penalty": (-2, 2), "presence_penalty": (-2, 2)}
_COUNTS = {"max_tokens": "max_output", "max_completion_tokens": "max_output", "seed": "seed", "top_k": "top_k"}
_MOST_VARIABLES = 99
"""One more is what the user says."""


def prompt_definition(name: str, plugins: Mapping[str, Any], gathering: Gathering) -> dict[str, Any]:
    """Give the definition of a prompt API, and say what of the prompt is not in it."""
    said = an_object(an_object(plugins.get("ai_prompt")).get("config"))
    model = an_object(an_object(plugins.get("ai_formatter")).get("config"))
    variables, lost = _variables(name, said.get("variables"))
    parameters, unread = _parameters(model.get("config"))
    system = a_text(said.get("prompt"))
    message = _MESSAGE if _MESSAGE not in variables else f"{_MESSAGE}_of_caller"
    variables[message] = {"type": "string", "description": "What the user says."}
    definition: dict[str, Any] = {"model": _model(name, model, gathering), "user": f"{{{{{message}}}}}", "chat": True}
    if system:
        definition["system"] = system
    if parameters:
        definition["parameters"] = parameters
    definition["variables"] = variables
    lost += [f"without {', '.join(unread)}"] if unread else []
    told = "; ".join([f"callers send variables, one of them {message}, in place of messages", *lost])
    gathering.partly("prompt", name, told)
    return definition


def _model(name: str, said: Mapping[str, Any], gathering: Gathering) -> str:
    """Give the model of a prompt, as it is called here."""
    provider, model = a_text(said.get("provider")), a_text(said.get("model"))
    base = APIPARK.get(provider, "")
    if provider == "LocalModel":
        base = "ollama"
    if not base or not model:
        gathering.left("model", f"{name}: {provider}/{model}", "its provider has no counterpart; name a model")
        return model
    gathering.hosts[Host(base=base)] = None
    return f"{base}/{model.removeprefix(f'{provider}/')}"


def _variables(name: str, said: Any) -> tuple[dict[str, Any], list[str]]:
    made: dict[str, Any] = {}
    over = len(a_list(said)) - _MOST_VARIABLES
    lost = [f"without {over} more variables"] if over > 0 else []
    for one in map(an_object, a_list(said)[:_MOST_VARIABLES]):
        key = a_text(one.get("key"))
        if not _VARIABLE.fullmatch(key):
            lost.append(f"the variable {key[:40]!r} has no name that one can have")
            continue
        about = a_text(one.get("description"))
        made[key] = {
            "type": "string",
            **({"description": about} if about else {}),
            "required": bool(one.get("require")),
        }
        if not one.get("require"):
            made[key]["default"] = ""
    return made, lost


def _parameters(said: Any) -> tuple[dict[str, Any], list[str]]:
    """Read what the model is asked with, JSON in a text, and name what is not taken."""
    try:
        config = an_object(json.loads(a_text(said) or "{}"))
    except (ValueError, RecursionError):
        return {}, ["its parameters, which are no JSON"]
    made: dict[str, Any] = {}
    unread: list[str] = []
    for key, value in config.items():
        number = a_number(value)
        if key in _BOUNDS and number is not None and _BOUNDS[key][0] <= number <= _BOUNDS[key][1]:
            made[key] = float(number)
        elif key in _COUNTS and number is not None and 1 <= number <= 100_000 and number == int(number):
            made[_COUNTS[key]] = int(number)
        else:
            unread.append(key[:40])
    return made, unread
