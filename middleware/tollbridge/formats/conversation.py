"""A request for an answer, whatever dialect it came in.

None means that the caller did not say; what a caller said as null is in `extras`.
"""

from enum import StrEnum

import msgspec

from tollbridge.formats.parts import AnyPart, CacheMark
from tollbridge.formats.values import JSON, NO_EXTRAS, Extras, Number


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One message.  Results of tools stand in messages of the role `TOOL`, and nothing else does.

    `apart`: it was given beside the conversation (`instructions`, `system`, `systemInstruction`). `joined`: it
    continues the message before it, in a dialect that keeps both in one. `listed`: its content was a list of parts,
    where one text would do too. `spelling` is its own dialect's note to itself.
    """

    role: Role
    parts: tuple[AnyPart, ...] = ()
    name: str | None = None
    apart: bool = False
    joined: bool = False
    listed: bool = False
    spelling: str = ""
    extras: Extras = NO_EXTRAS


class Tool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="tool", gc=False):
    """A tool of the caller's.  `schema` is JSON Schema, as the caller wrote it.

    `custom`: it takes free text; what describes that text is in `grammar`.
    """

    name: str
    description: str | None = None
    schema: JSON = None
    strict: bool | None = None
    custom: bool = False
    grammar: JSON = None
    cache: CacheMark | None = None
    spelling: str = ""
    extras: Extras = NO_EXTRAS


class Location(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """About where the person is who asks."""

    city: str | None = None
    region: str | None = None
    country: str | None = None
    timezone: str | None = None


class ServerTool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="server_tool", gc=False):
    """A tool of the provider's own; `tool` is one of `SERVER_TOOLS`, or empty for what only its dialect knows.

    `raw` is the whole definition in the dialect it came in; the other members are what several dialects can say.
    """

    tool: str
    raw: JSON = None
    allowed_domains: tuple[str, ...] | None = None
    blocked_domains: tuple[str, ...] | None = None
    max_uses: int | None = None
    location: Location | None = None
    context_size: str | None = None


AnyTool = Tool | ServerTool


class ChoiceMode(StrEnum):
    """Whether a tool must be called."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    NAMED = "named"


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which tools may or must be called.

    `names` narrows the choice: one name for `NAMED`; those that are allowed for `AUTO` and `REQUIRED`, none for all.
    `raw` is a choice that only its own dialect knows.
    """

    mode: ChoiceMode
    names: tuple[str, ...] = ()
    custom: bool = False
    raw: JSON = None
    extras: Extras = NO_EXTRAS


class FormatKind(StrEnum):
    """What an answer must be."""

    TEXT = "text"
    JSON = "json"
    SCHEMA = "schema"


class Format(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an answer must look like.  `schema` is JSON Schema, as the caller wrote it."""

    kind: FormatKind
    schema: JSON = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
    spelling: str = ""
    extras: Extras = NO_EXTRAS


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""How hard a model is to think, in the words all dialects share, from nothing to all."""


class Thinking(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How a model is to think.

    `enabled` says whether at all. `budget` is in tokens, at most; -1 lets the model decide. `effort` is one of
    `EFFORTS`. `shown`: the caller wants to read it, as `summary` (`auto`, `concise`, `detailed`) where there is one.
    """

    enabled: bool | None = None
    budget: int | None = None
    effort: str | None = None
    shown: bool | None = None
    summary: str | None = None
    spelling: str = ""
    extras: Extras = NO_EXTRAS


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Everything a caller asks for.  `origin` is the dialect it came in, whose `extras` and `spelling` these are.

    `max_output` is in tokens, for one answer. `user` is the caller's own name for the person. `cache_key` groups
    requests with a common prefix. `tier` is what quality of service is asked for. `essential` names what is in `extras`
    and without which the request means something else, such as `previous_response_id`: no other dialect takes it.
    """

    origin: str
    model: str
    messages: tuple[Message, ...]
    stream: bool | None = None
    stream_usage: bool | None = None
    max_output: int | None = None
    temperature: Number | None = None
    top_p: Number | None = None
    top_k: int | None = None
    frequency_penalty: Number | None = None
    presence_penalty: Number | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    answers: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: tuple[AnyTool, ...] | None = None
    choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    format: Format | None = None
    thinking: Thinking | None = None
    verbosity: str | None = None
    metadata: JSON = None
    user: str | None = None
    tier: str | None = None
    cache: CacheMark | None = None
    cache_key: str | None = None
    store: bool | None = None
    essential: tuple[str, ...] = ()
    spelling: tuple[str, ...] = ()
    extras: Extras = NO_EXTRAS
