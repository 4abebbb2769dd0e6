"""Reading a request for completions (https://platform.openai.com/docs/api-reference/completions/create, read 2026-11).

Several prompts, prompts of tokens, text to be filled in before a `suffix`, no prompt at all, and the probabilities of a
prompt that is echoed mean nothing to others: with them a request goes to who speaks this dialect, or nowhere.
"""

from collections.abc import Iterator

from tollbridge.formats import JSON, Fields, Message, Request, Role, Text, decode_json, json_text
from tollbridge_openai.completions_prompts import NAME

LIMIT = 16
"""Tokens of an answer where the caller sets no limit, which is what OpenAI's own models then write at most."""


def read_request(body: bytes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    spelling = [name for name in ("max_tokens",) if name in found]
    stop = _read_stop(found, spelling)
    messages = _read_prompt(found)
    stream_usage = _read_options(found)
    limit, likely, answers = found.whole("max_tokens"), found.whole("logprobs"), found.whole("n")
    essential = ["prompt"] if messages is None else []
    if limit == 0:  # nothing is written: the prompt's own probabilities are wanted
        found.put_back("max_tokens", 0)
        essential.append("max_tokens")
        limit = None
    spelling += _neutral(found, answers, likely)
    essential += [name for name in ("echo", "suffix") if found.peek(name)]
    return Request(
        origin=NAME,
        model=found.need("model", found.text("model")),
        messages=messages or (),
        stream=found.flag("stream"),
        stream_usage=stream_usage,
        max_output=LIMIT if limit is None else limit,
        temperature=found.number("temperature"),
        top_p=found.number("top_p"),
        frequency_penalty=found.number("frequency_penalty"),
        presence_penalty=found.number("presence_penalty"),
        seed=found.whole("seed"),
        stop=stop,
        answers=answers,
        logprobs=None if likely is None else True,
        top_logprobs=likely,
        user=found.text("user"),
        essential=tuple(essential),
        spelling=tuple(spelling),
        extras=found.rest(),
    )


def _read_prompt(found: Fields) -> tuple[Message, ...] | None:
    """Take a single prompt; any other stays where it is."""
    given = found.peek("prompt")
    texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if given is not None and not isinstance(given, str | list):
        raise found.error("prompt", "must be a text, a list of texts, or tokens")
    if not all(isinstance(item, str | int | list) for item in texts):
        raise found.error("prompt", "must hold texts, tokens or lists of tokens")
    if len(texts) != 1 or not isinstance(texts[0], str):
        return None
    found.take("prompt")
    return (Message(role=Role.USER, parts=(Text(text=texts[0]),), listed=isinstance(given, list)),)


def _read_stop(found: Fields, spelling: list[str]) -> tuple[str, ...] | None:
    given = found.peek("stop")
    if isinstance(given, str):
        found.take("stop")
        spelling.append("stop")
        return (given,)
    stops = found.items("stop")
    if not all(isinstance(item, str) for item in stops or ()):
        raise found.error("stop", "must be a text or a list of texts")
    return None if stops is None else tuple(stops)


def _read_options(found: Fields) -> bool | None:
    options = found.inner("stream_options")
    if options is None:
        return None
    usage = options.flag("include_usage")
    if options.rest() or usage is None:
        found.put_back("stream_options", options.rest())
    return usage


def _neutral(found: Fields, answers: int | None, likely: int | None) -> Iterator[str]:
    """Take what asks nothing of the model, as `name=JSON`: nobody misses it where it is left out."""
    asks_nothing: dict[str, bool] = {
        "best_of": _is_whole(found.peek("best_of")) and found.peek("best_of") <= (answers or 1),
        "echo": found.peek("echo") is False or (found.peek("echo") is True and likely is None),
        "logit_bias": found.peek("logit_bias") == {},
        "suffix": found.peek("suffix") == "",
    }
    for name in [name for name, nothing in asks_nothing.items() if nothing]:
        yield f"{name}={json_text(found.take(name))}"


def _is_whole(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
