"""Reads services.toml.  Whatever is wrong in it stops the start and names the row: a slip must not wait for a call."""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TypeGuard

from tollbridge import Bearer, Header, Models, NoAuth, PluginError, Provider, Quirks

DIALECTS = ("openai-chat", "openai-responses", "openai-embeddings", "anthropic-messages")
"""What a row may name a URL after.  Embeddings are at the URL of `openai-chat`, too: a row names them where a host has
them and no Chat Completions, so that a conversation is asked for in what else it speaks.
"""
STREAM_USAGE = ("option", "always", "never")
KEYS = (
    "name",
    "base_url",
    "base_urls",
    "local",
    "env",
    "env_guess",
    "auth",
    "headers",
    "rename",
    "drop",
    "drop_values",
    "rewritten",
    "only_counts",
    "stream_usage",
    "keeps_answers",
    "free_text",
    "price_id",
    "note",
    "source",
    "read",
)

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ENV = re.compile(r"[A-Z0-9][A-Z0-9_]*")
_VARIABLE = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_BASE = re.compile(r"^\{[A-Z][A-Z0-9_]*\}(?=/|$)")
_URL = re.compile(r"https?://(?P<host>[a-z0-9]+([.-]+[a-z0-9]+)*)(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")
_LOOPBACK = ("127.0.0.1", "localhost")
_OPERATIONS = ("/chat/completions", "/completions", "/responses", "/embeddings", "/messages")


@dataclass(frozen=True, slots=True)
class Service:
    """One row: a host, what it speaks, how to show it a key, and who says so.

    `env_guess`: no source names the variables, we do. `read` is the day on which `source` was read.
    """

    id: str
    name: str
    base_urls: Mapping[str, str]
    local: bool
    env: tuple[str, ...]
    env_guess: bool
    header: str
    quirks: Quirks
    price_id: str
    note: str
    source: str
    read: date

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that fill its URLs, in order."""
        return tuple(dict.fromkeys(name for url in self.base_urls.values() for name in _VARIABLE.findall(url)))

    def provider(self, models: Models | None = None) -> Provider:
        """Make what the gateway works with; `models` are those the host names itself."""
        return Provider(
            self.id,
            base_urls=self.base_urls,
            auth=Header(self.header, self.env) if self.header else Bearer(self.env) if self.env else NoAuth(),
            models=models,
            quirks=self.quirks,
            price_id=self.price_id,
            display_name=self.name,
            source=f"{self.source}, read {self.read.isoformat()}",
            allow_private=self.local,
        )


@cache
def load_services() -> tuple[Service, ...]:
    """Read the rows that ship with this package, once."""
    return read_services(files(__package__).joinpath("services.toml").read_text("utf-8"), "services.toml")


def read_services(text: str, where: str) -> tuple[Service, ...]:
    """Read rows from TOML; raises `PluginError` that names the row, and `where`, the file."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise PluginError(f"{where}: {exc}") from exc
    return tuple(_service(name, table, where) for name, table in tables.items())


def _service(name: str, table: object, where: str) -> Service:
    where = f"{where}: [{name}]"
    if not _SLUG.fullmatch(name):
        raise PluginError(f"{where} must be lower-case letters and digits, joined by single hyphens")
    if not isinstance(table, Mapping):
        raise PluginError(f"{where} must be a table")
    row = _Row(table, where)
    local, env = row.flag("local"), row.words("env")
    urls = row.pairs("base_urls") or {"openai-chat": row.text("base_url")}
    if "base_url" in table and "base_urls" in table:
        raise row.refuse("base_url", "must not stand beside base_urls")
    for dialect, url in urls.items():
        _check_url(row, dialect, url, local=local)
    if not urls.keys() - set(row.dialects("only_counts")):
        raise row.refuse("only_counts", "leaves no dialect to call the host in")
    if not env and not local:
        raise row.refuse("env", "must name the variable that holds the key")
    for variable in env:
        if not _ENV.fullmatch(variable):
            raise row.refuse("env", f"must hold names such as EXAMPLE_API_KEY, not {variable!r}")
    auth = row.pairs("auth")
    if "auth" in table and set(auth) != {"header"}:
        raise row.refuse("auth", 'must be { header = "<name>" }')
    return Service(
        id=name,
        name=row.text("name", name),
        base_urls=urls,
        local=local,
        env=env,
        env_guess=row.flag("env_guess"),
        header=auth.get("header", ""),
        quirks=_quirks(row),
        price_id=row.text("price_id", name),
        note=row.text("note", ""),
        source=row.text("source"),
        read=row.day("read"),
    )


def _quirks(row: "_Row") -> Quirks:
    stream_usage = row.text("stream_usage", "option")
    if stream_usage not in STREAM_USAGE:
        raise row.refuse("stream_usage", f"must be one of {', '.join(STREAM_USAGE)}")
    rename, drop, values = row.pairs("rename"), row.words("drop"), row.choices("drop_values")
    for target in rename.values():
        if target in rename or target in drop:
            raise row.refuse("rename", f"leads to {target!r}, which is itself renamed or dropped")
    return Quirks(
        rename=rename,
        drop=drop,
        drop_values={
            name: tuple(json.dumps(value, ensure_ascii=False) for value in refused) for name, refused in values.items()
        },
        headers=row.pairs("headers"),
        stream_usage=stream_usage,
        keeps_answers=row.flag("keeps_answers"),
        free_text=row.flag("free_text"),
        rewritten=row.dialects("rewritten"),
        only_counts=row.dialects("only_counts"),
    )


def _check_url(row: "_Row", dialect: str, url: str, *, local: bool) -> None:
    key = f"base_urls.{dialect}"
    if dialect not in DIALECTS:
        raise row.refuse(key, f"is no dialect we know; known: {', '.join(DIALECTS)}")
    shown, url = url, _BASE.sub("https://x", url)
    parts = _URL.fullmatch(_VARIABLE.sub("x", url))
    if url.endswith("/"):
        raise row.refuse(key, f"must not end in a slash: {shown!r}")
    if not url.startswith(("https://", "http://") if local else "https://"):
        raise row.refuse(key, f"must begin with https://, not {shown!r}")
    if parts is None:
        raise row.refuse(key, f"must be a lower-case host, a port if need be, and a path: {shown!r}")
    if local and parts["host"] not in _LOOPBACK:
        raise row.refuse(key, f"is marked local, so its host must be one of {', '.join(_LOOPBACK)}")
    if url.endswith(_OPERATIONS):
        raise row.refuse(key, f"must end where the path of the operation begins: {shown!r}")


def _is_words(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


class _Row:
    """One table, read key by key with its type checked.  Making it refuses unknown keys."""

    def __init__(self, table: Mapping[str, object], where: str) -> None:
        self._table, self._where = table, where
        for key in table:
            if key not in KEYS:
                near = difflib.get_close_matches(key, KEYS, n=1)
                raise self.refuse(key, f"is unknown; did you mean {near[0]!r}?" if near else "is unknown")

    def refuse(self, key: str, why: str) -> PluginError:
        return PluginError(f"{self._where} {key} {why}")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._table.get(key, default)
        if value is None:
            raise self.refuse(key, "is missing")
        if not isinstance(value, str) or (not value and default is None):
            raise self.refuse(key, "must be a string that is not empty")
        return value

    def flag(self, key: str) -> bool:
        value = self._table.get(key, False)
        if not isinstance(value, bool):
            raise self.refuse(key, "must be true or false")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        value = self._table.get(key, [])
        if not _is_words(value):
            raise self.refuse(key, "must be a list of strings")
        return tuple(value)

    def dialects(self, key: str) -> tuple[str, ...]:
        named = self.words(key)
        for dialect in named:
            if dialect not in DIALECTS:
                raise self.refuse(key, f"names no dialect we know: {dialect!r}; known: {', '.join(DIALECTS)}")
        return named

    def pairs(self, key: str) -> dict[str, str]:
        value = self._table.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise self.refuse(key, "must be a table of strings")
        return value

    def choices(self, key: str) -> dict[str, list[str]]:
        value = self._table.get(key, {})
        if not isinstance(value, dict) or not all(map(_is_words, value.values())):
            raise self.refuse(key, "must be a table of lists of strings")
        return value

    def day(self, key: str) -> date:
        value = self._table.get(key)
        if value is None:
            raise self.refuse(key, "is missing")
        if type(value) is not date:  # a datetime is a date too
            raise self.refuse(key, "must be a date such as 2026-11-24")
        return value
