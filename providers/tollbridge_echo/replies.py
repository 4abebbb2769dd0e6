"""What is said to a chat request: pure, and the same for the same request."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle, islice

from tollbridge_echo.asked import MOST_CHARACTERS, Asked
from tollbridge_echo.instances import TooMuch, instance
from tollbridge_echo.plans import encoded
from tollbridge_echo.refusals import Refusal
from tollbridge_echo.script import Call

_WORD = re.compile(r"\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.  `tokens` are the pieces of its text, which joined are the text."""

    tokens: tuple[str, ...]
    finish: str
    reasoning: tuple[str, ...] = ()
    refusal: str | None = None
    calls: tuple[Call, ...] = ()

    @property
    def text(self) -> str:
        return "".join(self.tokens)

    @property
    def size(self) -> int:
        """How many tokens it is."""
        words = (self.refusal or "", *(f"{call.name} {call.arguments}" for call in self.calls))
        return len(self.tokens) + len(self.reasoning) + sum(len(words_of(text)) for text in words)


def words_of(text: str) -> tuple[str, ...]:
    """Cut a text into tokens: words with the spaces behind them."""
    return tuple(_WORD.findall(text))


def reply_to(asked: Asked) -> Reply:
    """Decide what is said; raises `Refusal` where the script says so, or asks for what cannot be."""
    script = asked.script
    if script.status is not None:
        said = script.text if script.text is not None else f"the script refuses this request with {script.status}"
        raise Refusal(said, status=script.status, retry_after_s=script.retry_after)
    reasoning = words_of(script.reasoning or "")
    if script.refusal is not None:
        return Reply((), script.finish or "stop", reasoning, script.refusal)
    calls = () if asked.returned else _calls(asked)
    if calls:
        tokens = words_of(script.text or "")
        return Reply(tokens, script.finish or "tool_calls", reasoning, calls=calls)
    tokens, cut = _cut(_tokens(asked), asked)
    return Reply(tokens, script.finish or ("length" if cut else "stop"), reasoning)


def _calls(asked: Asked) -> tuple[Call, ...]:
    """Give the calls: those of the script, else the one that must be made."""
    called = asked.script.tool or ((Call(asked.wanted),) if asked.wanted else ())
    for call in called:
        if call.name not in asked.tools:
            raise Refusal(
                f"the script calls the tool {call.name[:80]!r}, which is not among the tools of this request",
                param="tools",
                code="unknown_tool",
            )
    return tuple(Call(call.name, call.arguments or _arguments(asked, call.name)) for call in called)


def _arguments(asked: Asked, name: str) -> str:
    value = _least(asked.tools[name], "tools")
    return encoded(value if isinstance(value, dict) else {}).decode()


def _least(schema: object, param: str) -> object:
    try:
        return instance(schema)
    except TooMuch:
        raise Refusal(f"the least value that fits a schema in {param!r} is too large here", param=param) from None


def _tokens(asked: Asked) -> tuple[str, ...]:
    script = asked.script
    text = None if asked.returned and script.tool else script.text
    if text is None:
        text = asked.words
        if asked.format == "json_schema":
            text = encoded(_least(asked.schema, "response_format")).decode()
        elif script.json or asked.format == "json_object":
            text = encoded({"echo": text}).decode()
    if script.tokens is None:
        return words_of(text)
    words = text.split() or ["word"]
    if script.tokens * (1 + max(map(len, words))) > MOST_CHARACTERS:
        raise Refusal(f"the script's 'tokens' are more than {MOST_CHARACTERS} characters", code="invalid_script")
    most = list(islice(cycle(words), script.tokens))
    return tuple(f"{word} " for word in most[:-1]) + tuple(most[-1:])


def _cut(tokens: tuple[str, ...], asked: Asked) -> tuple[tuple[str, ...], bool]:
    """Cut at the first stop sequence, then at the limit; says whether it was the limit."""
    text = "".join(tokens)
    ends = [at for word in asked.stop if (at := text.find(word)) >= 0]
    if ends:
        tokens = words_of(text[: min(ends)])
    if asked.limit is not None and len(tokens) > asked.limit:
        return tokens[: asked.limit], True
    return tokens, False


def id_of(prefix: str, *parts: object) -> str:
    """Make an id from what it stands for."""
    return prefix + sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def usage_of(asked: Asked, replies: Sequence[Reply]) -> dict[str, object] | None:
    """Count the usage: words, or what the script says; None where it says none."""
    if asked.script.usage is not None:
        if not asked.script.usage:
            return None
        told, said = asked.script.usage
        thought = 0
    else:
        told = sum(len(words_of(text)) for text in asked.prompt)
        said = sum(reply.size for reply in replies)
        thought = sum(len(reply.reasoning) for reply in replies)
    return {
        "prompt_tokens": told,
        "completion_tokens": said,
        "total_tokens": told + said,
        "completion_tokens_details": {"reasoning_tokens": thought},
    }
