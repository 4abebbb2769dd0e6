"""What a message is made of, whoever wrote it.

Every part may carry what its own dialect alone knows: `extras`, members by name, which only that dialect writes again,
and `state`, which must go back to the provider it came from and to no other.
"""

from enum import StrEnum

import msgspec

from tollbridge.formats.values import JSON, NO_EXTRAS, Extras


class State(msgspec.Struct, frozen=True, gc=False):
    """What a provider wants back unchanged: a signature of its thinking, encrypted reasoning, an item's id.

    `dialect` is the name of the dialect it came in; nobody else is shown it. `data` is a small JSON object.
    """

    dialect: str
    data: dict[str, JSON]


class CacheMark(msgspec.Struct, frozen=True, gc=False):
    """The end of a prefix worth caching.  `ttl` in the provider's words, such as `5m`; empty for its default."""

    ttl: str = ""


class Logprob(msgspec.Struct, frozen=True, gc=False):
    """How likely one token was, as a natural logarithm; `top` are the likeliest in its place."""

    token: str
    logprob: JSON
    bytes: list[int] | None = None
    top: "tuple[Logprob, ...]" = ()


class Citation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where a statement comes from.

    `start` and `end` count characters of the text that is backed. `url` or `file_id` names the source, `cited` is its
    own text, `document` the index of a document of the request. `raw` is the whole citation in the dialect it came in.
    """

    url: str | None = None
    title: str | None = None
    cited: str | None = None
    file_id: str | None = None
    document: int | None = None
    start: int | None = None
    end: int | None = None
    raw: JSON = None


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What all parts have."""

    cache: CacheMark | None = None
    state: State | None = None
    extras: Extras = NO_EXTRAS


class Text(Part, frozen=True, kw_only=True, tag="text", gc=False):
    """Words."""

    text: str
    citations: tuple[Citation, ...] = ()
    logprobs: tuple[Logprob, ...] | None = None


class Refusal(Part, frozen=True, kw_only=True, tag="refusal", gc=False):
    """Words by which a model declines."""

    text: str


class Reasoning(Part, frozen=True, kw_only=True, tag="reasoning", gc=False):
    """What a model thought.  `text` is empty where it is shown to nobody and `state` holds all of it.

    `summary`: the text is a summary of it.
    """

    text: str = ""
    summary: bool = False


class MediaKind(StrEnum):
    """What a piece of media is."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    FILE = "file"


class Media(Part, frozen=True, kw_only=True, tag="media", gc=False):
    """An image, a sound, a film or a document: one of `data` (base64), `url`, `file_id` (at the provider), `text`.

    `mime` such as `image/png`. `detail` is how closely an image is looked at. `title` and `context` are what a document
    is introduced with; `citations` whether it may be cited.
    """

    kind: MediaKind
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    text: str | None = None
    mime: str | None = None
    name: str | None = None
    detail: str | None = None
    context: str | None = None
    citations: bool | None = None


class ToolCall(Part, frozen=True, kw_only=True, tag="tool_call", gc=False):
    """A model asks for a tool.  `arguments` is JSON text as the model wrote it, which may be broken.

    `custom`: the tool takes free text, and `arguments` is that text.
    """

    id: str
    name: str
    arguments: str = ""
    custom: bool = False


class ToolResult(Part, frozen=True, kw_only=True, tag="tool_result", gc=False):
    """What a tool gave.  `call_id` is the call's; `name` the tool's, where it was said.

    `listed`: it was given as a list of parts, where one text would do too.
    """

    call_id: str
    content: "tuple[AnyPart, ...]" = ()
    name: str | None = None
    error: bool | None = None
    listed: bool = False
    custom: bool = False


class ServerCall(Part, frozen=True, kw_only=True, tag="server_call", gc=False):
    """The provider used a tool of its own, or says what that gave (`result`).

    `tool` is one of `SERVER_TOOLS`, or empty for what only its dialect knows. `raw` is the whole part in its own
    dialect, and what goes back there.
    """

    tool: str
    id: str = ""
    raw: JSON = None
    result: bool = False


class Opaque(Part, frozen=True, kw_only=True, tag="opaque", gc=False):
    """A part of a kind that only its own dialect knows; `kind` is what it calls it, `raw` the whole of it."""

    kind: str
    raw: JSON


AnyPart = Text | Refusal | Reasoning | Media | ToolCall | ToolResult | ServerCall | Opaque

SERVER_TOOLS = frozenset(
    ("web_search", "web_fetch", "code_execution", "file_search", "computer", "image_generation", "mcp", "tool_search")
)
"""Tools that providers run themselves, in our words."""
