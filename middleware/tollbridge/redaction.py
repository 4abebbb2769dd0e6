"""What must not stand in a log line: secrets, found by value and by name, and characters that would break the line.

A text is searched as it is, and again once it is escaped where that changed it: the `n` of an escaped line feed must
neither hide a secret nor make one. Every pattern runs in time linear in the text.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus

REDACTED = "<redacted>"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_SHORTEST = 8
"""A registered secret shorter than this could not be told from a word."""
_MOST_SECRETS = 1024
_LONGEST_TEXT = 16_384
_DEEPEST = 8
_MOST_VALUES = 1_000
_CLEAN_TEXTS = 4_096
_CLEAN_LENGTH = 128
_INT64 = 1 << 63

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
"""Control characters, line and paragraph separators, invisible and direction-changing ones, halves of a pair."""
_SHORT_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

_SECRET_NAME = re.compile(
    r"(?:authorization|cookies?2?|api[-_]?key|password|passwd|passphrase|secrets?|token|credentials?|private[-_]?key"
    r"|pepper|assertion|code[-_]?verifier|device[-_]?code)\Z",
    re.IGNORECASE,
)


def _named(names: str, bare: str) -> re.Pattern[str]:
    """Match `name: value`, `name=value`, `"name": "value"`, `('name', b'value')`; `bare`: a value without quotes."""
    parting = r"""(?:\\*["']\s*,\s*|\\*["']?\s*[:=]\s*)(?:b(?=["']))?"""
    value = r"""(?:\\*"(?:[^"\\]|\\.)*|\\*'(?:[^'\\]|\\.)*|""" + bare + ")"
    return re.compile(f"((?:{names}){parting}){value}", re.IGNORECASE | re.DOTALL)


_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        REDACTED,
    ),
    (re.compile(r"tb_(?:test_)?[0-9A-Za-z]{12,}"), REDACTED),
    (re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,4}"), REDACTED),
    (
        # OpenAI, Anthropic and many more (sk-), Stripe (sk_, rk_), Groq, Hugging Face, xAI, Google, AWS, Perplexity,
        # Replicate, NVIDIA, Fireworks, Cerebras, Together, GitHub, GitLab, Slack.
        re.compile(
            r"(?<![A-Za-z0-9])(?:(?:sk|rk)[-_][\w-]{8,}|gsk_\w{8,}|hf_\w{8,}|xai-[\w-]{8,}|AIza[\w-]{20,}"
            r"|A(?:KIA|SIA)[0-9A-Z]{12,}|ya29\.[\w.-]{8,}|pplx-[\w-]{8,}|r8_\w{8,}|nvapi-[\w-]{8,}|fw_\w{8,}"
            r"|csk-[\w-]{8,}|tgp_v1_[\w-]{8,}|gh[opsur]_\w{8,}|github_pat_\w{8,}|glpat-[\w-]{8,}|xox[a-z]-[\w-]{8,}"
            r"|whsec_\w{8,})"
        ),
        REDACTED,
    ),
    (re.compile(r"(?<=://)[^\s/@\"'<>]+(?=@)"), REDACTED),
    (_named("authorization|cookie2?", r"(?:(?!\\[rn])[^\r\n])+"), rf"\1{REDACTED}"),
    (
        re.compile(r"\b((?:bearer|basic|digest|dpop)(?:[\s:=+]|%20|\\[trn])+)[^\s\"'<>,;]{4,}", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
    (
        _named(
            "api[-_]?key|token|secret|password|passwd|passphrase|assertion|code_verifier|device_code|private_key|pepper",
            r"""[^\s"'&;,)}\]]+""",
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"((?<=[?&])(?:code|key|sig|signature|state)=)[^&\s\"'#]+"), rf"\1{REDACTED}"),
)
_MARKS = (
    *("tb_", "eyj", "sk-", "sk_", "rk_", "hf_", "xai-", "aiza", "akia", "asia", "ya29.", "plx-", "r8_", "nvapi-"),
    *(
        "fw_",
        "tgp_",
        "gh",
        "github_pat",
        "glpat-",
        "xox",
        "whsec_",
        "key",
        "://",
        "auth",
        "cookie",
        "bearer",
        "basic",
        "digest",
    ),
    *("dpop", "token", "secret", "pass", "assertion", "verifier", "pepper", "device_code", "?", "&"),
)
"""A text in which none of these stands, in small letters, fits no pattern: cheaper to know than to search."""


def _suspicious(text: str) -> bool:
    low = text.lower()
    for mark in _MARKS:  # noqa: SIM110 - half the time of any()
        if mark in low:
            return True
    return False


def printable(text: str) -> str:
    """Escape what would break a line or a terminal: `\\n` for a line feed, `\\x1b`, `\\u2028`."""
    return text if text.isprintable() else _UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    return _SHORT_ESCAPES.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


@lru_cache(1024)
def is_secret_name(name: str) -> bool:
    """Whether what goes by this name is a secret whatever it looks like, such as `Authorization` or `client_secret`."""
    return _SECRET_NAME.search(name) is not None


class Redactor:
    """Takes secrets out of values.

    It knows our tokens and the keys of common providers by their shape, and by their very text the secrets it was told
    to `hide`. The last 1,024 of those are kept; what was hidden longest ago gives way.
    """

    def __init__(self) -> None:
        self._variants: dict[str | bytes, tuple[str, ...]] = {}
        self._hidden: tuple[str, ...] = ()
        self._clean: set[str] = set()
        self._plain_keys: set[str] = set()

    def hide(self, secret: str | bytes) -> None:
        """Take this very text out of every record from now on, however it is written: quoted, escaped, hex, base64.

        One of fewer than 8 characters is not hidden: it would take ordinary words with it.
        """
        if len(secret) < _SHORTEST:
            return
        self._variants.pop(secret, None)
        self._variants[secret] = tuple(_variants(secret))
        while len(self._variants) > _MOST_SECRETS:
            del self._variants[next(iter(self._variants))]
        found = {variant for variants in self._variants.values() for variant in variants}
        self._hidden = tuple(sorted(found, key=len, reverse=True))
        self._clean, self._plain_keys = set(), set()

    def text(self, text: str) -> str:
        """Give a text without secrets and on one line, cut after 16,384 characters."""
        clean = self._clean
        if text in clean:
            return text
        shown = self._without_secrets(text)
        escaped = printable(shown)
        if escaped != shown:
            shown = self._without_secrets(escaped)
        if len(shown) > _LONGEST_TEXT:
            return f"{shown[:_LONGEST_TEXT]}… ({len(shown)} characters)"
        if len(text) <= _CLEAN_LENGTH and shown == text:
            if len(clean) >= _CLEAN_TEXTS:
                clean.clear()
            clean.add(text)
        return shown

    def _without_secrets(self, text: str) -> str:
        if len(text) < _SHORTEST:
            return text
        for secret in self._hidden:
            if secret in text:
                text = text.replace(secret, REDACTED)
        if _suspicious(text):
            for pattern, replacement in _PATTERNS:
                text = pattern.sub(replacement, text)
        return text

    def record(self, record: Mapping[str, object]) -> dict[str, Json]:
        """Give the same record as plain JSON values without secrets."""
        left = [_MOST_VALUES]
        clean, plain_keys = self._clean, self._plain_keys
        shown: dict[str, Json] = {}
        for key, value in record.items():
            if key not in plain_keys and (key := self._key(key)) not in plain_keys:
                shown[key] = _secret(value) if is_secret_name(key) else self._value(value, 0, left)
            elif value is None or (type(value) is int and -_INT64 <= value < _INT64):
                shown[key] = value
            elif type(value) is str:
                shown[key] = value if value in clean else self.text(value)
            else:
                shown[key] = self._value(value, 0, left)
        return shown

    def _key(self, key: str) -> str:
        """Give a key without secrets, and remember one that names none."""
        shown = self.text(key)
        if shown == key and len(key) <= _CLEAN_LENGTH and not is_secret_name(key):
            if len(self._plain_keys) >= _CLEAN_TEXTS:
                self._plain_keys.clear()
            self._plain_keys.add(key)
        return shown

    def _value(self, value: object, depth: int, left: list[int]) -> Json:
        """Give a nested value as JSON; `left` counts down what one record may hold, against loops and floods."""
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            return value if -_INT64 <= value < _INT64 else hex(value)
        if isinstance(value, str):
            return self.text(str.__str__(value))
        if isinstance(value, bytes | bytearray | memoryview):
            return self.text(bytes(value).decode("utf-8", "backslashreplace"))
        left[0] -= 1
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            if depth >= _DEEPEST or left[0] <= 0:
                return "…"
            if isinstance(value, Mapping):
                return self._mapping(value, depth, left)
            return self._sequence(value, depth, left)
        return self.text(described(value) if isinstance(value, BaseException) else _represented(value))

    def _mapping(self, value: Mapping[object, object], depth: int, left: list[int]) -> Json:
        shown: dict[str, Json] = {}
        for key, inner in value.items():
            left[0] -= 1
            if left[0] <= 0:
                shown["…"] = "…"
                break
            name = self._value(key, depth + 1, left)
            name = name if isinstance(name, str) else str(name)
            shown[name] = _secret(inner) if is_secret_name(name) else self._value(inner, depth + 1, left)
        return shown

    def _sequence(self, value: Iterable[object], depth: int, left: list[int]) -> Json:
        shown: list[Json] = []
        for inner in value:
            left[0] -= 1
            if left[0] <= 0:
                shown.append("…")
                break
            shown.append(self._value(inner, depth + 1, left))
        if len(shown) == 2 and isinstance(shown[0], str) and is_secret_name(shown[0]):
            shown[1] = REDACTED  # a header as a pair
        return shown


def described(exc: BaseException) -> str:
    """Give an exception's type and message; one that cannot be printed says so."""
    try:
        message = str(exc)
    except Exception:
        message = "<unprintable>"
    name = type(exc).__name__
    return f"{name}: {message}" if message else name


def _represented(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<unprintable {type(value).__name__}>"


def _secret(value: object) -> Json:
    """Replace a value that goes by a secret's name; whether it is set may be known."""
    return value if value is None or isinstance(value, bool) else REDACTED


def _variants(secret: str | bytes) -> Iterable[str]:
    if isinstance(secret, bytes):
        encoded = [base64.b64encode(secret), base64.urlsafe_b64encode(secret)]
        text = secret.decode("utf-8", "backslashreplace")
        found = {secret.hex(), secret.hex().upper(), repr(secret)[2:-1], *(e.decode().rstrip("=") for e in encoded)}
    else:
        text = secret
        ascii_form, unicode_form = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
        found = {quote(secret, "", errors="replace"), quote_plus(secret, "", errors="replace"), repr(secret)[1:-1]}
        found |= {ascii_form, unicode_form}
    found |= {text, *map(printable, found), printable(text)}
    return {variant for variant in found if len(variant) >= _SHORTEST}
