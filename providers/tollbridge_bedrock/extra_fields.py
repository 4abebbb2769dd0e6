"""`additionalModelRequestFields`: what a model takes that Converse has no word for, read and written as it was.

Thinking and `top_k` are said there in the words of each family of models; `extra_out` says them for other dialects.
"""

from collections.abc import Callable, Mapping

from tollbridge.formats import JSON, Fields, Request, Thinking, add_extras, present

FIELD = "additionalModelRequestFields"
TOP_K, NOVA_TOP_K, EMPTY = "top_k", "inferenceConfig.topK", FIELD
_OFF = frozenset(("disabled", "between_tools"))
DISPLAY: Mapping[bool, str] = {True: "summarized", False: "omitted"}
"""What a Claude calls it to show its thinking, or not to."""
_SHOWN = {display: shown for shown, display in DISPLAY.items()}
_WITH_EFFORT = ("reasoningConfig", "reasoning_effort")


class Extra:
    """What was read of these fields, or is to be written of them."""

    def __init__(self) -> None:
        self.thinking: Thinking | None = None
        self.top_k: int | None = None
        self.spelling: list[str] = []
        self.rest: dict[str, JSON] = {}

    @property
    def has_effort(self) -> bool:
        """Whether these fields have a word of their own for how hard to think."""
        return self.thinking is not None and self.thinking.spelling.partition(":")[0] in _WITH_EFFORT


def read_extra(found: Fields) -> Extra:
    """Take the fields; `rest` are those nobody else knows."""
    extra = Extra()
    given = found.inner(FIELD)
    if given is None:
        return extra
    if not given.rest():
        extra.spelling.append(EMPTY)
    place = next((name for name in _SPELT if _fits(name, given.peek(name))), "")
    if place:
        extra.thinking = _SPELT[place][0](given, place)
    top_k = given.peek(TOP_K)
    if isinstance(top_k, int) and not isinstance(top_k, bool):
        extra.top_k = given.whole(TOP_K)
        extra.spelling.append(TOP_K)
    elif _nova_top_k(given.peek("inferenceConfig")):
        inner = given.members("inferenceConfig") or {}
        extra.top_k = inner["topK"]
        extra.spelling.append(NOVA_TOP_K)
        others = {name: value for name, value in inner.items() if name != "topK"}
        if others:
            given.put_back("inferenceConfig", others)
    extra.rest = given.rest()
    return extra


def _nova_top_k(inner: JSON) -> bool:
    top_k = inner.get("topK") if isinstance(inner, dict) else None
    return isinstance(top_k, int) and not isinstance(top_k, bool)


def _fits(name: str, value: JSON) -> bool:
    return isinstance(value, str) if name == "reasoning_effort" else isinstance(value, dict)


def _read_budget(given: Fields, place: str) -> Thinking:
    inner = Fields(given.members(place), wrong=None)
    kind, budget = inner.text("type"), inner.whole("budget_tokens")
    enabled = None if kind is None else kind not in _OFF
    display = inner.peek("display")
    shown = _SHOWN.get(display) if isinstance(display, str) else None
    if shown is not None:
        inner.take("display")
    spelling = f"{place}:{kind or ''}"
    return Thinking(enabled=enabled, budget=budget, shown=shown, spelling=spelling, extras=inner.rest())


def _read_nova(given: Fields, place: str) -> Thinking:
    inner = Fields(given.members(place), wrong=None)
    kind, effort = inner.text("type"), inner.text("maxReasoningEffort")
    enabled = None if kind is None else kind not in _OFF
    return Thinking(enabled=enabled, effort=effort, spelling=f"{place}:{kind or ''}", extras=inner.rest())


def _read_effort(given: Fields, place: str) -> Thinking:
    return Thinking(effort=given.text(place), spelling=f"{place}:")


def _own_budget(thinking: Thinking, kind: str) -> JSON:
    display = None if thinking.shown is None else DISPLAY[thinking.shown]
    return {**present(type=kind or None, budget_tokens=thinking.budget, display=display), **thinking.extras}


def _own_nova(thinking: Thinking, kind: str) -> JSON:
    return {**present(type=kind or None, maxReasoningEffort=thinking.effort), **thinking.extras}


def _own_effort(thinking: Thinking, kind: str) -> JSON:
    return thinking.effort


_SPELT: Mapping[str, tuple[Callable[[Fields, str], Thinking], Callable[[Thinking, str], JSON]]] = {
    "thinking": (_read_budget, _own_budget),
    "reasoning_config": (_read_budget, _own_budget),
    "reasoningConfig": (_read_nova, _own_nova),
    "reasoning_effort": (_read_effort, _own_effort),
}


def write_own(request: Request) -> JSON:
    """Give the fields as they were, but for those in the request's `extras`."""
    members: dict[str, JSON] = {}
    thinking = request.thinking
    place, _, kind = (thinking.spelling if thinking is not None else "").partition(":")
    if thinking is not None and place in _SPELT:
        members[place] = _SPELT[place][1](thinking, kind)
    if request.top_k is not None:
        nova = NOVA_TOP_K in request.spelling
        add_extras(members, {"inferenceConfig": {"topK": request.top_k}} if nova else {TOP_K: request.top_k})
    return members if members or EMPTY in request.spelling else None
