"""What a prompt is to other dialects: one message of the user's.

A conversation becomes a prompt where it is one question: what the system says goes before it, a blank line between.
"""

from collections.abc import Sequence

from tollbridge.formats import AnyPart, Message, Notes, Request, Role, Text

NAME = "openai-completions"
ECHO = "echo=true"
"""How the spelling of a request says that its answers begin with its prompt."""
_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)


def prompt_of(request: Request) -> str:
    """Give the prompt of a caller of this dialect, empty where it is not a single text."""
    return "".join(part.text for message in request.messages for part in message.parts if isinstance(part, Text))


def echoed(request: Request) -> str:
    """Give what answers of others must begin with: the prompt, where the caller asked for its echo."""
    return prompt_of(request) if ECHO in request.spelling else ""


def as_prompt(messages: Sequence[Message], notes: Notes) -> str:
    """Write a conversation of another dialect as a prompt; refuses one that is more than one question."""
    asked = [message.role for message in messages if message.role not in _SYSTEM]
    if asked != [Role.USER]:
        notes.refuse("messages", "the model behind this name completes one prompt and takes no conversation")
    told = [message for message in messages if message.role in _SYSTEM]
    question = [message for message in messages if message.role is Role.USER]
    texts = [_words(message, notes) for message in (*told, *question)]
    return "\n\n".join(text for text in texts if text)


def _words(message: Message, notes: Notes) -> str:
    notes.drop_given("messages[]", name=message.name)
    notes.drop_extras(message.extras, "messages[]")
    return "".join(_said(part, notes) for part in message.parts)


def _said(part: AnyPart, notes: Notes) -> str:
    if not isinstance(part, Text):
        notes.refuse(
            f"messages[].content[].{part.__struct_config__.tag}", "the model behind this name takes text alone"
        )
    notes.drop_given("messages[].content[]", cache=part.cache)
    notes.drop_extras(part.extras, "messages[].content[]")
    return part.text
