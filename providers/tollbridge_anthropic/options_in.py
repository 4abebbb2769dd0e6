"""Reading how an answer is to be: thinking, effort and format, which stand in three places."""

from tollbridge.formats import Fields, Format, FormatKind, Thinking

ON = {"enabled": True, "adaptive": True, "disabled": False, "between_tools": False}
"""`between_tools` is how Sonnet 5.5 is told not to think before it answers."""
_SHOWN = {"summarized": True, "omitted": False}


def read_thinking(fields: Fields) -> Thinking | None:
    """Take `thinking` and `output_config.effort`."""
    inner = fields.inner("thinking")
    config = fields.inner("output_config")
    effort = config.text("effort") if config is not None else None
    if config is not None:
        fields.put_back("output_config", config.rest())
    if inner is None:
        return None if effort is None else Thinking(effort=effort)
    kind = inner.need("type", inner.text("type"))
    budget = inner.whole("budget_tokens")
    display = inner.peek("display")
    shown = _SHOWN.get(display) if isinstance(display, str) else None
    if shown is not None:
        inner.take("display")
    return Thinking(
        enabled=ON.get(kind),
        budget=-1 if budget is None and kind == "adaptive" else budget,
        effort=effort,
        shown=shown,
        spelling=kind,
        extras=inner.rest(),
    )


def read_format(fields: Fields) -> Format | None:
    """Take `output_config.format`, or `output_format`, its older name."""
    config = fields.inner("output_config")
    found = _format(config, "format", "output_config") if config is not None else None
    if config is not None:
        fields.put_back("output_config", config.rest())
    return found or _format(fields, "output_format", "output_format")


def _format(fields: Fields, name: str, spelling: str) -> Format | None:
    inner = fields.inner(name)
    if inner is None:
        return None
    if inner.peek("type") != "json_schema" or not isinstance(inner.peek("schema"), dict):
        fields.put_back(name, inner.rest())
        return None
    inner.take("type")
    return Format(kind=FormatKind.SCHEMA, schema=inner.take("schema"), spelling=spelling, extras=inner.rest())
