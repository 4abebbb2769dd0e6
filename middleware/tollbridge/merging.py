"""What is known of a provider and what the configuration says of it, as one."""

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from tollbridge.auth import Auth, Bearer, Header, NoAuth, needs_key
from tollbridge.config import ProviderConfig
from tollbridge.errors import ConfigError
from tollbridge.formats.dialect import Dialect
from tollbridge.options import build, suggest
from tollbridge.providers import Provider, Quirks

HTTP = ("http://", "https://")
LISTED_BY = "tollbridge models --all"
"""The command that lists every known provider."""
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MANY = 20
"""Names from which on not all are told."""


def merged_provider(
    name: str,
    known: Provider | None,
    given: ProviderConfig,
    *,
    dialects: Mapping[str, Dialect],
    schemes: Mapping[str, type[Auth]],
) -> Provider:
    """Give a provider as its section of the configuration wants it; raises `ConfigError`."""
    where = f"providers.{name}"
    dialect = given.dialect or (next(iter(known.base_urls), "openai-chat") if known else "openai-chat")
    urls = dict(given.base_urls)
    if given.base_url:
        urls[dialect] = given.base_url
    if not urls and known is not None:
        urls = dict(known.base_urls)
    if not urls:
        raise ConfigError(f"{where}: base_url is missing")
    for spoken, url in urls.items():
        if spoken not in dialects:
            bases = {each.base: each for each in dialects.values()}
            raise ConfigError(f"{where}: unknown dialect {spoken!r}{near(spoken, bases)}")
        if not url.startswith((*HTTP, "{")):
            raise ConfigError(f"{where}: the URL {url!r} must start with http:// or https://")
    for option, named in (("rewritten", given.rewritten), ("only_counts", given.only_counts)):
        for written in named:
            if written not in dialects:
                raise ConfigError(f"{where}: {option} names an unknown dialect {written!r}{near(written, dialects)}")
    quirks = known.quirks if known else Quirks()
    default = "always" if dialect == "anthropic-messages" else "option"
    quirks = replace(
        quirks,
        headers={**quirks.headers, **given.headers},
        stream_usage=given.stream_usage or (quirks.stream_usage if known else default),
        keeps_answers=quirks.keeps_answers or given.keeps_answers,
        free_text=quirks.free_text or given.free_text,
        rewritten=(*quirks.rewritten, *given.rewritten),
        only_counts=_only_counts((*quirks.only_counts, *given.only_counts), urls),
    )
    return Provider(
        name,
        base_urls=urls,
        auth=_auth(name, known, given, schemes),
        models=known.models if known else None,
        quirks=quirks,
        price_id=known.price_id if known else name,
        display_name=known.display_name if known else name,
        allow_private=known.allow_private and not given.base_url and not given.base_urls if known else False,
    )


def _only_counts(dialects: tuple[str, ...], urls: Mapping[str, str]) -> tuple[str, ...]:
    """Leave out all of them where the configuration names no other URL: then the host is asked there after all."""
    return dialects if urls.keys() - set(dialects) else ()


def _auth(name: str, known: Provider | None, given: ProviderConfig, schemes: Mapping[str, type[Auth]]) -> Auth:
    env = known.auth.env if known else ()
    if given.auth_header:
        encoded_header(name, given.auth_header, "")
        template = "Bearer {key}" if given.auth_header.lower() == "authorization" else "{key}"
        return Header(given.auth_header, env, template)
    if not given.auth:
        return known.auth if known else (Bearer() if given.api_key else NoAuth())
    scheme = schemes.get(given.auth)
    if scheme is None:
        raise ConfigError(
            f"providers.{name}.auth: no installed plugin offers {given.auth!r}{suggest(given.auth, schemes)}"
        )
    takes_env = env and needs_key(scheme) and "env" in getattr(scheme, "__dataclass_fields__", ())
    options = {**({"env": env} if takes_env else {}), **given.auth_options}
    return build(scheme, options, f"providers.{name}.auth_options")


def encoded_header(provider: str, name: str, text: str) -> tuple[bytes, bytes]:
    """Encode a header of the configuration; raises `ConfigError` for one that cannot be sent (RFC 9110 section 5)."""
    if not _FIELD_NAME.fullmatch(name) or not text.isascii() or (text and not text.isprintable()):
        raise ConfigError(f"providers.{provider}.headers: {name!r} cannot be sent; use visible ASCII only")
    return name.lower().encode("ascii"), text.encode("ascii")


def near(word: str, known: Mapping[str, object], *, listed_by: str = "") -> str:
    """Suggest names for one that is not known: the nearest, else those that begin alike, of few all.

    Says how many are not named, and the command that lists them, where there is one.
    """
    nearest = get_close_matches(word, known, n=3)
    if nearest:
        return f"; did you mean {' or '.join(map(repr, nearest))}?"
    if len(known) < _MANY:
        return f"; known: {', '.join(sorted(known)) or 'none'}"
    alike = ", ".join(sorted(name for name in known if name[:1] == word[:1]))
    those = f"; of {len(known)} that are known these begin alike: {alike}" if alike else f"; {len(known)} are known"
    return f"{those}; listed by: {listed_by}" if listed_by else those
