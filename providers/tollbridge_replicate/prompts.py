"""A conversation as one prompt, which is all that Replicate's models take.

What the system says goes into an input of its own, or before the rest. One message of a user is the prompt as it is.
Several are a transcript: each begins with `User: ` or `Assistant: `, a blank line between, and `Assistant:` at the end
asks for the next, unless the last is the assistant's own beginning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tollbridge.formats import (
    AnyPart,
    Media,
    MediaKind,
    Message,
    Notes,
    Reasoning,
    Refusal,
    Role,
    Text,
    in_turns,
    write_url,
)
from tollbridge_replicate.families import Family

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
UNTOLD = "image/png"
"""The media type of an image of which nobody said it."""
_NAMES = {Role.USER: "User", Role.ASSISTANT: "Assistant"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent: `images` are URLs, with their data where it was given."""

    prompt: str
    system: str
    images: tuple[str, ...]


def render(messages: Sequence[Message], family: Family, notes: Notes) -> Prompt:
    """Render a conversation; what no prompt can hold is refused."""
    words = _Words(family, notes)
    turns = [(message.role, words.of(message)) for message in in_turns(messages)]
    system = "\n\n".join(text for role, text in turns if role in _SYSTEM)
    said = [(role, text) for role, text in turns if role not in _SYSTEM]
    if len(said) == 1 and said[0][0] is Role.USER:
        prompt = said[0][1]
    else:
        lines = [f"{_NAMES[role]}: {text}" for role, text in said]
        if not said or said[-1][0] is not Role.ASSISTANT:
            lines.append("Assistant:")
        prompt = "\n\n".join(lines)
    if system and not family.system:
        prompt, system = f"{system}\n\n{prompt}", ""
    return Prompt(prompt, system, tuple(words.images))


class _Words:
    """Takes the words of messages, and keeps the images that stood among them."""

    def __init__(self, family: Family, notes: Notes) -> None:
        self.images: list[str] = []
        self._family = family
        self._notes = notes

    def of(self, message: Message) -> str:
        if message.role is Role.TOOL:
            self._notes.refuse("messages[].tool_calls", "models of this provider take no tools")
        self._notes.drop_given("messages[]", name=message.name)
        self._notes.drop_extras(message.extras, "messages[]")
        return "".join(self._said(part) for part in message.parts)

    def _said(self, part: AnyPart) -> str:
        notes = self._notes
        notes.drop_given("messages[].content[]", cache=part.cache)
        if isinstance(part, Reasoning):
            notes.drop("messages[].content[].reasoning")
            return ""
        notes.drop_extras(part.extras, "messages[].content[]")
        if isinstance(part, Media):
            return self._shown(part)
        if not isinstance(part, Text | Refusal):
            notes.refuse("messages[].content[]", "models of this provider take text and images")
        if isinstance(part, Text):
            notes.drop_given("messages[].content[]", citations=part.citations or None)
        return part.text

    def _shown(self, part: Media) -> str:
        """Keep an image; a document of plain text is said."""
        detail = part.detail if part.detail != "auto" else None
        self._notes.drop_given(
            "messages[].content[]", detail=detail, context=part.context, citations=part.citations or None
        )
        if part.kind is MediaKind.FILE and part.text is not None:
            return part.text
        url = write_url(part, UNTOLD)
        if part.kind is not MediaKind.IMAGE or not url:
            self._notes.refuse(f"messages[].content[].{part.kind}")
        if not self._family.images or (self.images and not self._family.many):
            self._notes.refuse("messages[].content[].image", "the model behind this name takes no more images")
        self.images.append(url)
        return ""
