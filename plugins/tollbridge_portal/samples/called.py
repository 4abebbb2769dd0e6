"""What is called, as data.  Names and values come from strangers: what could not be written safely is refused here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, urlencode, urlsplit

JSON = dict[str, "JSON"] | list["JSON"] | str | int | float | bool | None

MAX_OUTPUT = 1024
"""Tokens of an answer that a sample asks for where it has to say so."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_METHOD = re.compile(r"[A-Z]{1,20}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PARAMETER = re.compile(r"\{([^{}*]+)(\*?)\}")
_WRITTEN_ELSEWHERE = frozenset(
    {"authorization", "connection", "content-length", "content-type", "expect", "host", "transfer-encoding", "upgrade"}
)
_OF_A_BODY = frozenset({"allow", "expires", "last-modified"})
_DOTS = (".", "..")
_BODILESS = ("GET", "HEAD")


class Unwritable(ValueError):
    """No sample can be written of this; says why in a sentence."""


class Kind(StrEnum):
    """How something is called."""

    CHAT = "chat"
    RESPONSES = "responses"
    MESSAGES = "messages"
    EMBEDDINGS = "embeddings"
    PROMPT = "prompt"
    REST = "rest"


_PATHS = {
    Kind.CHAT: "/v1/chat/completions",
    Kind.RESPONSES: "/v1/responses",
    Kind.MESSAGES: "/v1/messages",
    Kind.EMBEDDINGS: "/v1/embeddings",
}


@dataclass(frozen=True, slots=True)
class Called:
    """A call to write samples of; made by the functions below, which look at what they are given.

    `path` is below the gateway's address, with its parameters and query written in. `model` and `said` are those of a
    model, and of a prompt API that can be called as one. `body` is none where none is sent: no call sends `null`.
    """

    kind: Kind
    path: str
    method: str = "POST"
    model: str = ""
    said: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JSON = None
    media_type: str = "application/json"
    streamed: bool = False


def chat(model: str, said: str, *, streamed: bool = False) -> Called:
    """Ask a model in OpenAI's chat."""
    turns: JSON = [{"role": "user", "content": said}]
    return _of_model(Kind.CHAT, model, said, {"messages": turns}, streamed)


def responses(model: str, said: str, *, streamed: bool = False) -> Called:
    """Ask a model in OpenAI's Responses API."""
    return _of_model(Kind.RESPONSES, model, said, {"input": said}, streamed)


def messages(model: str, said: str, *, streamed: bool = False) -> Called:
    """Ask a model in Anthropic's Messages API."""
    turns: JSON = [{"role": "user", "content": said}]
    return _of_model(Kind.MESSAGES, model, said, {"max_tokens": MAX_OUTPUT, "messages": turns}, streamed)


def embeddings(model: str, said: str) -> Called:
    """Ask a model for the embedding of a text."""
    return _of_model(Kind.EMBEDDINGS, model, said, {"input": said})


def prompt(path: str, values: Mapping[str, JSON], *, model: str = "", said: str = "", streamed: bool = False) -> Called:
    """Call a prompt API at its path with example values.

    With `model` it is called by that name as well, and `said` is what it is told there: the words of its one text, or
    its values as JSON.
    """
    headers = {"Accept": "text/event-stream"} if streamed else {}
    body = dict(values)
    check_json(body)
    check_text(model)
    check_text(said)
    where = _checked_path(path, {})
    return Called(Kind.PROMPT, where, model=model, said=said, headers=headers, body=body, streamed=streamed)


def rest(
    method: str,
    path: str,
    *,
    parameters: Mapping[str, str] | None = None,
    query: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    body: JSON = None,
    media_type: str = "application/json",
) -> Called:
    """Call an operation of a REST service.

    `path` is a template such as `/v1/apis/shop/orders/{id}`; `{rest*}` takes slashes too. Headers that a client writes
    itself, such as Authorization, are left out.
    """
    if not _METHOD.fullmatch(method) or method in ("CONNECT", "TRACE"):
        raise Unwritable(f"{method!r} is no method that a sample can have")
    if body is not None and method in _BODILESS:
        raise Unwritable(f"a {method} request has no body")
    check_json(body)
    for texts in query:
        for text in texts:
            check_text(text)
    where = _checked_path(path, parameters or {}) + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    shown = _checked_headers(headers or {}, with_body=body is not None)
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type, re.ASCII):
        raise Unwritable(f"{media_type!r} is no media type")
    return Called(Kind.REST, where, method, headers=shown, body=body, media_type=media_type)


def check_address(base_url: str) -> str:
    """Give an address without its last slash; refuses what is no plain http(s) URL."""
    try:
        parts = urlsplit(base_url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.query or parts.fragment or "@" in parts.netloc or not re.fullmatch(r"[!-~]+", base_url):
        raise Unwritable(f"{base_url!r} is no address of a gateway, such as https://gw.example.com")
    if not re.fullmatch(r"[A-Za-z0-9:/.\[\]%~_-]+", base_url):
        raise Unwritable(f"{base_url!r} has signs that a URL would have to escape")
    return base_url.rstrip("/")


def check_variable(name: str) -> str:
    """Give the name of an environment variable; refuses what a shell would not take as one."""
    if not _VARIABLE.fullmatch(name):
        raise Unwritable(f"{name!r} is no name of an environment variable: letters, digits and _, no digit first")
    return name


def check_text(text: str) -> None:
    """Refuse a text that no encoding has: one with half of a surrogate pair."""
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Unwritable("a text has half of a surrogate pair, which no encoding can say")


def check_json(value: JSON) -> None:
    """Refuse what JSON cannot say: half a surrogate pair, a number that is none."""
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        for name, member in value.items():
            check_text(name)
            check_json(member)
    elif isinstance(value, list):
        for member in value:
            check_json(member)
    elif isinstance(value, float) and not abs(value) <= 1.7976931348623157e308:
        raise Unwritable(f"{value!r} is no number of JSON")


def _of_model(kind: Kind, model: str, said: str, words: dict[str, JSON], streamed: bool = False) -> Called:
    body: dict[str, JSON] = {"model": model, **words, **({"stream": True} if streamed else {})}
    check_json(body)
    return Called(kind, _PATHS[kind], model=model, said=said, body=body, streamed=streamed)


def _checked_path(template: str, values: Mapping[str, str]) -> str:
    """Write the parameters into a path, each escaped as one segment."""
    check_text(template)
    if not template.startswith("/"):
        raise Unwritable(f"the path {template!r} does not begin with a slash")

    parts, last = [], 0
    for found in _PARAMETER.finditer(template):
        parts += [_escaped(template[last : found.start()]), _segment(found[1], values, slashes=bool(found[2]))]
        last = found.end()
    return "".join([*parts, _escaped(template[last:])])


def _escaped(literal: str) -> str:
    if any(segment in _DOTS for segment in literal.split("/")):
        raise Unwritable("a path has a segment of dots, which clients would follow")
    return quote(literal, safe="/:@!$&'()*+,;=%~")


def _segment(name: str, values: Mapping[str, str], *, slashes: bool) -> str:
    if name not in values:
        raise Unwritable(f"the parameter {name!r} of the path has no value")
    value = values[name]
    check_text(value)
    if not value or any(segment in _DOTS for segment in value.split("/")):
        raise Unwritable(f"the parameter {name!r} of the path is {value!r}, which clients would take out of it")
    return quote(value, safe="/" if slashes else "")


def _checked_headers(headers: Mapping[str, str], *, with_body: bool) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise Unwritable(f"{name!r} is no name of a header")
        if not re.fullmatch(r"(?:[!-~](?:[ -~]*[!-~])?)?", value):
            raise Unwritable(f"the header {name!r} has a value that is not of visible ASCII")
        lower = name.lower()
        of_body = lower in _OF_A_BODY or lower.startswith("content-")
        if lower in _WRITTEN_ELSEWHERE or lower in map(str.lower, shown) or (of_body and not with_body):
            continue
        shown[name] = value
    return shown
