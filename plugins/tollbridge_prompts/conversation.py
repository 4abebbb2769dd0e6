"""A definition and values become what a model is asked: a canonical request."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tollbridge import BadRequest
from tollbridge.formats import Format, FormatKind, Message, Number, Request, Role, Text, Thinking
from tollbridge_prompts.bounds import RENDERED
from tollbridge_prompts.definition import Output, Parameters, PromptDefinition
from tollbridge_prompts.template import Template, parse
from tollbridge_prompts.variables import Variable, as_texts

ORIGIN = "tollbridge"
"""The dialect our requests come in: the gateway's own, which no provider speaks."""


class Conversation:
    """The templates of a definition, read once."""

    def __init__(self, definition: PromptDefinition, variables: tuple[Variable, ...]) -> None:
        self._definition = definition
        self._variables = variables
        self._system = parse(definition.system)
        self._examples = [(parse(one.user), parse(one.assistant)) for one in definition.examples]
        self._user = parse(definition.user)

    def request(self, values: Mapping[str, Any], earlier: Iterable[Message] = ()) -> Request:
        """Give the request for these values, with earlier turns between the examples and the last message.

        Raises `BadRequest` (413) where it would be too long; a value may stand in many places.
        """
        texts = as_texts(self._variables, values)
        between = [template for pair in self._examples for template in pair]
        turns = tuple(earlier)
        said = sum(len(part.text) for turn in turns for part in turn.parts if isinstance(part, Text))
        length = said + sum(one.length(texts) for one in (self._system, *between, self._user))
        if length > RENDERED:
            raise BadRequest(
                f"with what was sent the prompt has {length} characters; at most {RENDERED} can be asked",
                status=413,
                code="prompt_too_long",
            )
        messages = [
            *_said(Role.SYSTEM, self._system, texts),
            *(one for user, assistant in self._examples for one in _turn(user, assistant, texts)),
            *turns,
            message(Role.USER, self._user.render(texts)),
        ]
        return Request(
            origin=ORIGIN,
            model=self._definition.model,
            messages=tuple(messages),
            format=format_of(self._definition.output),
            **asked_with(self._definition.parameters),
        )


def message(role: Role, text: str) -> Message:
    """Make a message of one text."""
    return Message(role=role, parts=(Text(text=text),))


def format_of(output: Output) -> Format | None:
    """Say which form the answer must have, in the model's terms."""
    if output.type == "text":
        return None
    if output.schema is None:
        return Format(kind=FormatKind.JSON)
    return Format(kind=FormatKind.SCHEMA, schema=output.schema, name="answer")


def asked_with(parameters: Parameters) -> dict[str, Any]:
    """Give the members of a request that are said, by name."""
    thinking = parameters.thinking
    said: dict[str, Any] = {
        "temperature": _number(parameters.temperature),
        "top_p": _number(parameters.top_p),
        "top_k": parameters.top_k,
        "max_output": parameters.max_output,
        "frequency_penalty": _number(parameters.frequency_penalty),
        "presence_penalty": _number(parameters.presence_penalty),
        "seed": parameters.seed,
        "stop": parameters.stop or None,
        "verbosity": parameters.verbosity,
        "thinking": None
        if thinking is None
        else Thinking(enabled=thinking.enabled, budget=thinking.budget, effort=thinking.effort),
    }
    return {name: value for name, value in said.items() if value is not None}


def _number(value: float | None) -> Number | None:
    if value is None:
        return None
    return int(value) if float(value).is_integer() else Decimal(str(value))


def _said(role: Role, template: Template, texts: Mapping[str, str]) -> tuple[Message, ...]:
    text = template.render(texts)
    return (message(role, text),) if text.strip() else ()


def _turn(user: Template, assistant: Template, texts: Mapping[str, str]) -> tuple[Message, Message]:
    return message(Role.USER, user.render(texts)), message(Role.ASSISTANT, assistant.render(texts))
