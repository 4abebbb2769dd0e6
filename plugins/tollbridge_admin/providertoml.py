"""The section of tollbridge.toml that a provider which was tried needs, as text to be copied."""

import json
import re
from collections.abc import Sequence

import msgspec

from tollbridge.administering import STORED_NAME
from tollbridge.seeing import ProviderSeen
from tollbridge_admin.providershapes import ProviderTryWish

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NOT_OF_A_VARIABLE = re.compile(r"[^A-Z0-9]+")
_STORED, _ENV, _NONE = "stored:", "env:", "none"

Options = Sequence[tuple[str, str, str]]
"""Names, values and comments of options that are texts."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written, empty for nothing, and where the key is read then; None where it takes none."""

    toml: str
    variable: str | None
    stored: str | None


def place_of(wish: ProviderTryWish, seen: ProviderSeen | None) -> Place:
    """Give it for what was tried; `seen` is what is known of the provider here, None for nothing."""
    if seen is not None and not wish.base_url:
        return _as_it_is(seen, wish.stored)
    return _elsewhere(wish, seen)


def section(name: str, options: Options) -> str:
    """Write `[providers.<name>]`."""
    lines = [f"[providers.{name if _BARE.fullmatch(name) else quoted(name)}]"]
    lines += [f"{key} = {quoted(value)}{f'  # {comment}' if comment else ''}" for key, value, comment in options]
    return "\n".join((*lines, ""))


def quoted(text: str) -> str:
    """Write a basic string (TOML 1.0): JSON's escapes are among its own, and it has DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _as_it_is(seen: ProviderSeen, tried: str) -> Place:
    """Give what a provider needs at its own URL: nothing, but for one that always has a section, or another key."""
    reference = seen.key.reference
    if not reference:
        return Place(toml=section(seen.name, ()) if not seen.configured else "", variable=None, stored=None)
    kind = reference.partition(":")[0]
    if seen.configured:
        said = reference.partition(":")[2]
        variable = said if kind == "env" else None
        return Place(toml="", variable=variable, stored=said if kind == "stored" else None)
    options = [("api_key", f"{_STORED}{tried}", "")] if tried not in ("", seen.name) else []
    variable = seen.key.variables[0].name if seen.key.variables and not options else None
    toml = section(seen.name, options) if options or seen.private else ""
    return Place(toml=toml, variable=variable, stored=tried or seen.name)


def _elsewhere(wish: ProviderTryWish, seen: ProviderSeen | None) -> Place:
    """Give what a provider needs at a URL of one's own.

    One that is known reads its key where it always does. Any other is told where, in the database if that can have its
    name.
    """
    name, options = wish.provider, [("base_url", wish.base_url, "")]
    if wish.dialect:
        options.append(("dialect", wish.dialect, ""))
    variables = [one.name for one in seen.key.variables] if seen is not None else []
    variable = variables[0] if variables else _variable(name)
    known = seen is not None and seen.scheme != _NONE
    takes_key = bool(wish.key) or known
    stored = name if re.fullmatch(STORED_NAME, name) else None
    if takes_key and not known:
        other = f"or {quoted(_ENV + variable)}"
        options.append(("api_key", f"{_STORED}{stored}", other) if stored else ("api_key", _ENV + variable, ""))
    if wish.auth_header:
        options.append(("auth_header", wish.auth_header, ""))
    return Place(
        toml=section(name, options),
        variable=variable if takes_key else None,
        stored=stored if takes_key else None,
    )


def _variable(name: str) -> str:
    """Make up a name for the variable of a provider's key."""
    return f"{_NOT_OF_A_VARIABLE.sub('_', name.upper()).strip('_') or 'PROVIDER'}_API_KEY"
