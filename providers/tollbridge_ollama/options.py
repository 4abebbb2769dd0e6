"""The `options` of a request: what the canonical request knows of them, and the rest by name.

https://docs.ollama.com/modelfile lists them (read 2026-11). The rest stands among the request's extras as
`options.<name>`, so that a caller is told which of them was left behind.
"""

from typing import Any

from tollbridge.formats import JSON, Fields, Request, present

HEAD = "options."
GIVEN = "options"
"""In a request's `spelling`: there were options, maybe none in them."""


def read_options(found: Fields) -> tuple[dict[str, Any], dict[str, JSON], tuple[str, ...]]:
    """Take `options`: members of a request, extras, and the spelling.

    Limits that mean something else to others stay extras: a negative `num_predict` is no limit, a `top_k` of 0 is all.
    """
    options = found.inner("options")
    if options is None:
        return {}, {}, ()
    stop = options.items("stop")
    if not all(isinstance(word, str) for word in stop or ()):
        raise options.error("stop", "must be a list of texts")
    known: dict[str, Any] = {
        "max_output": _least(options, "num_predict", 1),
        "top_k": _least(options, "top_k", 1),
        "seed": _least(options, "seed", 0),
        "temperature": options.number("temperature"),
        "top_p": options.number("top_p"),
        "frequency_penalty": options.number("frequency_penalty"),
        "presence_penalty": options.number("presence_penalty"),
        "stop": None if stop is None else tuple(stop),
    }
    rest = {HEAD + name: value for name, value in options.rest().items()}
    for name in rest:
        if name in found.rest():
            raise found.error(name, "is there twice")
    return known, rest, (GIVEN, *rest)


def _least(options: Fields, name: str, least: int) -> int | None:
    value = options.whole(name)
    if value is not None and value < least:
        options.put_back(name, value)
        return None
    return value


def write_options(request: Request, *, native: bool) -> dict[str, JSON]:
    """Give the member `options`, nothing where nothing was said."""
    options = present(
        num_predict=request.max_output,
        temperature=request.temperature,
        top_k=request.top_k,
        top_p=request.top_p,
        seed=request.seed,
        stop=None if request.stop is None else list(request.stop),
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
    )
    if native:
        own = {name: value for name, value in request.extras.items() if _is_option(name, request)}
        options.update({name.removeprefix(HEAD): value for name, value in own.items()})
    return {"options": options} if options or (native and GIVEN in request.spelling) else {}


def other_extras(request: Request) -> dict[str, JSON]:
    """Give the extras that are no options."""
    return {name: value for name, value in request.extras.items() if not _is_option(name, request)}


def _is_option(name: str, request: Request) -> bool:
    return name.startswith(HEAD) and name in request.spelling
