"""How many tokens a request body can hold at most: its bytes, but for attachments.

A token of text stands for at least one byte, and JSON's own punctuation outweighs what a chat template adds. An
attachment is not text: it counts by what providers make of its kind, and only where its first bytes show that kind.
A caller who hides text behind such bytes has one call reserved too low; it is charged in full all the same.
"""

import re
from base64 import urlsafe_b64decode

TOOLS = 1_000
"""Tokens for what a provider writes before a prompt that has tools, whatever their number.

Anthropic: 159 to 530 (docs.anthropic.com/en/docs/tool-use-pricing-and-tokens), up to 935 as measured by others.
Groq and Amazon: up to 400 in recorded answers (2026-11).
"""

ATTACHMENT = 10_000
"""Tokens for each attachment, whether the body holds it or points at it.

One image makes at most: OpenAI 10,000 (32-pixel patches at detail "original", github.com/openai/codex/pull/19865), else
1,445 by tiles or 3,779 by patches; Anthropic 4,784 (jackin.tailrocks.com/research/token-optimization/
42-multimodal-token-economics); Google 2,240 (fastgptplus.com/en/posts/gemini-3-pro-media-resolution-parameter). Read
2026-11, not measured. The known exception is gpt-4o-mini with some 48,000 (strathweb.com, 2024-10).
"""

_PICTURE = 0
_DOCUMENT = 4
"""Base64 characters of a PDF for one token beyond `ATTACHMENT`.

Anthropic reads a page's text and its picture, 1,500 to 3,000 tokens (huggingface.co/datasets/JOHNISKING/pdf-token-cost:
2,347 for a page of text); 500 kB of PDF are told to make 125,000, one for 5.5 characters.
"""

_SOUND = 32
"""Base64 characters of sound or video for one token beyond `ATTACHMENT`.

Google counts 32 tokens a second of sound, 263 of video (geminibyexample.com/027-calculate-input-tokens). Speech at
8 kbit/s is 1,333 characters a second: one token for 42; video at 100 kbit/s 16,700: one for 63.
"""

_KINDS: tuple[tuple[int, bytes, int], ...] = (
    (0, b"\x89PNG", _PICTURE),
    (0, b"\xff\xd8\xff", _PICTURE),
    (0, b"GIF8", _PICTURE),
    (8, b"WEBP", _PICTURE),
    (0, b"%PDF", _DOCUMENT),
    (8, b"WAVE", _SOUND),
    (0, b"ID3", _SOUND),
    (0, b"\xff\xfb", _SOUND),
    (0, b"\xff\xf3", _SOUND),
    (0, b"\xff\xf1", _SOUND),
    (0, b"OggS", _SOUND),
    (0, b"fLaC", _SOUND),
    (4, b"ftyp", _SOUND),
    (0, b"\x1aE\xdf\xa3", _SOUND),
)

_EXAMINED = 1_000  # no provider takes more in one request; what stands behind them counts by its bytes

# Keys only: within a JSON string a quote is written \", so no text of a message matches. The words are sorted by their
# first letter because that halves the time; nothing here can match in two ways, so the time is linear.
_MARKED = re.compile(
    rb'"(?:(t(?:ools|oolConfig))|i(?:mage_url|nput_audio|nlineData|nline_data)|f(?:ile_url|ile_data|ile_id|ileData)'
    rb'|source|document_url|audio_url|video_url)"[ \t\r\n]*:[ \t\r\n]*[\[{"]'
)
_INLINE = re.compile(
    rb'"(?:d(?:ata|ocument_url)|i(?:mage_url|nput_audio)|file_data|url|bytes|audio_url|video_url)"'
    rb'[ \t\r\n]*:[ \t\r\n]*"(?:data:[^",]{0,256},)?'
)


def input_bound(body: bytes) -> int:
    """Give an upper bound for the input tokens of a request body in JSON.

    What the body only points at counts as one attachment, however long it is. What tools bring in that the provider
    runs itself, a stored conversation, and a provider's own prompt where there are no tools (xAI: 200 to 700 tokens in
    recorded answers) cannot be seen from here.
    """
    marks = _MARKED.findall(body)
    if not marks:
        return len(body)
    attached = marks.count(b"")
    return bound(body, attached=attached, tools=attached < len(marks))


def bound(body: bytes, *, attached: int, tools: bool) -> int:
    """Do the same where it is known how many attachments the body has, and whether it has tools."""
    tokens = len(body) + (TOOLS if tools else 0)
    return tokens + _attachments(body, attached) if attached else tokens


def _attachments(body: bytes, attached: int) -> int:
    """Give what attachments change: their base64 out, their tokens in.  `attached` is how many the body names."""
    tokens, inline, at = 0, 0, 0
    for _ in range(_EXAMINED):
        found = _INLINE.search(body, at)
        if found is None:
            break
        start = found.end()
        at = body.find(b'"', start)
        if at < 0:
            break
        per_token = _kind(body[start : min(start + 24, at)])
        if per_token is not None:
            inline += 1
            tokens -= at - start
            tokens += (at - start) // per_token if per_token else 0
    return tokens + ATTACHMENT * max(attached, inline)


def _kind(head: bytes) -> int | None:
    """Tell from its first characters how many of an attachment make one token more; None for what is not known."""
    try:
        first = urlsafe_b64decode(head.replace(b"\\", b"")[:16])
    except ValueError:
        return None
    for offset, mark, per_token in _KINDS:
        if first.startswith(mark, offset):
            return per_token
    return None
