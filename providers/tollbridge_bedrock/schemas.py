"""JSON Schema as Bedrock takes it where it enforces one: a part of draft 2020-12, anything else is refused.

https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html, read 2026-11. The part is Anthropic's
(https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs, read 2026-11).
"""

from tollbridge.formats import JSON, Keywords, Notes, lower

_TAKEN = Keywords(
    kept=frozenset(
        (
            *("type", "properties", "required", "additionalProperties", "items", "enum", "const"),
            *("anyOf", "allOf", "format", "description", "title", "default"),
        )
    ),
    inline_refs=True,  # a schema that leads back to itself is refused
    close_objects=True,
)


def enforceable(schema: JSON, notes: Notes, where: str) -> JSON:
    """Give the schema in the words that can be enforced; raises `Untranslatable` for what is no schema."""
    return lower({} if schema is None else schema, _TAKEN, notes, where)
