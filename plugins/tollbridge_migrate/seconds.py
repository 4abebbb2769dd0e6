"""A second section of a known provider, for another key or another place: what of that it says itself.

The configuration has no word for "like that one": quirks are written down one by one, the price of each model too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge import Header, NoAuth, Provider

_WHOLE = {
    **dict.fromkeys(("cache_read", "cache_write", "audio_input", "image_input"), "input"),
    "cache_write_1h": "cache_write",
    "audio_output": "output",
}
"""What a part of the usage costs where no price of its own is written."""
_BY_CALL = ("request", "server_tool_call")


def is_copied(known: Provider) -> bool:
    """Whether a second section can show a key as the known provider does."""
    return isinstance(known.auth, Header | NoAuth)


def copied(known: Provider, dialect: str) -> dict[str, Any]:
    """Give the options by which a section for this dialect is as the known provider, as far as there are options."""
    quirks = known.quirks
    options: dict[str, Any] = _shown(known)
    if known.auth.env and not known.allow_private:
        options["api_key"] = f"env:{known.auth.env[0]}"
    if quirks.headers:
        options["headers"] = dict(quirks.headers)
    if quirks.stream_usage != ("always" if dialect == "anthropic-messages" else "option"):
        options["stream_usage"] = quirks.stream_usage
    said = {name: getattr(quirks, name) for name in ("keeps_answers", "free_text", "rewritten", "only_counts")}
    return options | {name: value for name, value in said.items() if value}


def not_copied(known: Provider) -> Sequence[str]:
    """Name the fields and operations of which no section can say what is done to them for this provider."""
    quirks = known.quirks
    return list(dict.fromkeys((*quirks.rename, *quirks.drop, *quirks.drop_values, *quirks.add, *quirks.paths)))


def written_price(price: Mapping[str, object]) -> Mapping[str, str]:
    """Give the table of a price as `[models]` has it, without what costs what its whole does; tiers are not in it."""
    table = {key: str(said) for key, said in price.items() if key not in ("tiers", "source")}
    same = {key for key, whole in _WHOLE.items() if table[key] == table[whole]}
    return {key: said for key, said in table.items() if key not in same and (said != "0" or key not in _BY_CALL)}


def _shown(known: Provider) -> dict[str, Any]:
    auth = known.auth
    if not isinstance(auth, Header) or (auth.name.lower(), auth.template) == ("authorization", "Bearer {key}"):
        return {}
    if auth.template == "{key}" and auth.name.lower() != "authorization":
        return {"auth_header": auth.name}
    return {"auth": "header", "auth_options": {"name": auth.name, "template": auth.template}}
