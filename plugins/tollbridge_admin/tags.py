"""Entity tags (RFC 9110, 8.8.3): strong, `"<state>.<use>"`.

Both parts stand for all that is shown, so `If-None-Match` sees each change. `If-Match` looks at the first alone: that a
token was used since it was read is no change somebody else made, and a busy token could never be edited otherwise.
"""

import re
from hashlib import sha256

import msgspec

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LENGTH = 16
_encode = msgspec.json.Encoder(order="deterministic").encode


def tag_of(shown: msgspec.Struct, *passing: str) -> str:
    """Give the tag of what is shown; `passing` are the fields that change by themselves."""
    fields = msgspec.structs.asdict(shown)
    use = {name: fields.pop(name) for name in passing}
    return f'"{_digest(fields)}.{_digest(use)}"'


def meets(wanted: str, tag: str) -> bool:
    """Whether an `If-Match` holds for what has this tag; a weak one never does."""
    state = tag.partition(".")[0]
    return wanted == "*" or any(
        not weak and f'"{opaque}'.partition(".")[0] == state for weak, opaque in _TAG.findall(wanted)
    )


def is_known(known: str, tag: str) -> bool:
    """Whether an `If-None-Match` names this tag."""
    return known == "*" or any(f'"{opaque}"' == tag for _, opaque in _TAG.findall(known))


def _digest(fields: object) -> str:
    return sha256(_encode(fields)).hexdigest()[:_LENGTH]
