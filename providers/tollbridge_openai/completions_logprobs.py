"""How likely tokens were, in the older shape: lists of the same length, side by side.

`text_offset` says where each token begins, in characters from the start of the prompt, echoed or not (observed answers,
read 2026-11). The token that was chosen is among the likeliest too, however few of them were asked for.
"""

from collections.abc import Sequence

from tollbridge.formats import JSON, Fields, Logprob, items_of

_LISTS = ("tokens", "token_logprobs", "top_logprobs")


def read_logprobs(found: Fields) -> tuple[Logprob, ...]:
    """Take what fits of a choice's `logprobs`; what does not, stays where it is."""
    inner = found.inner("logprobs")
    if inner is None:
        return ()
    tokens, chances, likeliest = (items_of(inner.peek(name)) for name in _LISTS)
    read: tuple[Logprob, ...] = ()
    if tokens and _fits(tokens, chances, likeliest):
        likeliest = likeliest or [None] * len(tokens)
        read = tuple(map(_token, tokens, chances, likeliest))
        for name in _LISTS:
            inner.take(name)
    if inner.rest():
        found.put_back("logprobs", inner.rest())
    return read


def _fits(tokens: Sequence[JSON], chances: Sequence[JSON], likeliest: Sequence[JSON]) -> bool:
    return (
        len(tokens) == len(chances)
        and len(likeliest) in (0, len(tokens))
        and all(isinstance(token, str) for token in tokens)
        and all(isinstance(top, dict | None) for top in likeliest)
    )


def _token(token: str, chance: JSON, likeliest: JSON) -> Logprob:
    return Logprob(token, chance, top=tuple(Logprob(name, value) for name, value in (likeliest or {}).items()))


def write_logprobs(tokens: Sequence[Logprob], start: int, *, native: bool) -> dict[str, JSON]:
    """Write the probabilities of tokens, the first of which begins `start` characters after the prompt does."""
    offsets = []
    for token in tokens:
        offsets.append(start)
        start += len(token.token)
    return {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [_likeliest(token, native=native) for token in tokens],
        "text_offset": offsets,
    }


def _likeliest(token: Logprob, *, native: bool) -> JSON:
    """Give the likeliest tokens; the first of a prompt has none before it, and no probability."""
    if token.logprob is None:
        return None
    top = {other.token: other.logprob for other in token.top}
    return top if native else {token.token: token.logprob, **top}
