"""Writing a request (https://ai.google.dev/api/generate-content#request-body, read 2026-11)."""

from tollbridge.formats import JSON, Message, Notes, Request, Role, add_extras, in_turns, present
from tollbridge_gemini.config import CONFIG, write_config, write_foreign_config
from tollbridge_gemini.models import generation_of
from tollbridge_gemini.names import NAME, marks
from tollbridge_gemini.parts_out import PartWriter
from tollbridge_gemini.requests_in import spelling_of
from tollbridge_gemini.tools import (
    write_foreign_choice,
    write_foreign_tools,
    write_own_choice,
    write_own_tools,
)

_ROLES = {Role.USER: "user", Role.ASSISTANT: "model", Role.TOOL: "user"}
_TIERS = {"default": "standard", "flex": "flex", "priority": "priority"}


def write_request(request: Request, notes: Notes) -> dict[str, JSON]:
    """Give the body of a request; what Gemini cannot be told is noted."""
    return _own(request, notes) if request.origin == NAME else _foreign(request, notes)


def _own(request: Request, notes: Notes) -> dict[str, JSON]:
    spelling = spelling_of(request)
    writer = PartWriter(notes, native=True)
    members: dict[str, JSON] = {}
    contents: list[dict[str, JSON]] = []
    for message in request.messages:
        if message.apart:
            members["systemInstruction"] = _own_system(message, writer)
            continue
        content = _own_content(message, writer)
        if message.joined and contents:
            contents[-1].setdefault("parts", []).extend(content["parts"])
        else:
            contents.append(content)
    members["contents"] = contents[0] if spelling.get("contents") == "one" else contents
    if not contents and spelling.get("contents") != "none":
        del members["contents"]
    if request.tools is not None:
        members["tools"] = write_own_tools(request.tools, spelling.get("tools", ""))
    if request.choice is not None:
        members["toolConfig"] = {"functionCallingConfig": write_own_choice(request.choice, spelling.get("mode", ""))}
    config = write_config(request, notes, spelling)
    if config or "config" in spelling:
        members[CONFIG] = config
    members.update(present(model=spelling.get("model"), serviceTier=spelling.get("tier"), store=request.store))
    for name, value in request.extras.items():
        head, dot, tail = name.partition(".")
        if dot and head in (CONFIG, "toolConfig"):
            members.setdefault(head, {})[tail] = value
        else:
            members[name] = value
    return members


def _own_system(message: Message, writer: PartWriter) -> JSON:
    if not message.listed and len(message.parts) == 1:
        return writer.write(message.parts)[0].get("text")
    spelling = marks(message.spelling)
    content = _own_content(message, writer)
    content.pop("role", None)
    return {**content, **present(role=spelling.get("role"))}


def _own_content(message: Message, writer: PartWriter) -> dict[str, JSON]:
    """Give a content as it was; a message that continues another has parts only."""
    spelling = marks(message.spelling)
    if not message.joined:
        bare = spelling.get("bare", "")
        writer.url_safe, writer.results = "data" in spelling, 0
        writer.bare = frozenset(int(count) for count in bare.split(",") if count)
    parts: JSON = writer.write(message.parts)
    content: dict[str, JSON] = {"parts": parts[0] if spelling.get("parts") == "one" and parts else parts}
    if spelling.get("parts") == "none":
        del content["parts"]
    role = spelling.get("role", _ROLES.get(message.role, "user"))
    if role:
        content["role"] = role
    return add_extras(content, message.extras)


def _foreign(request: Request, notes: Notes) -> dict[str, JSON]:
    for name in request.essential:
        notes.refuse(name)
    notes.drop_given(
        verbosity=request.verbosity,
        metadata=request.metadata,
        user=request.user,
        cache=request.cache,
        cache_key=request.cache_key,
        store=request.store,
    )
    tier = None if "serviceTier" in notes.quirks.drop else _TIERS.get(request.tier or "")
    if tier is None and request.tier != "auto":
        notes.drop_given(tier=request.tier)
    notes.drop_extras(request.extras)
    writing = _Foreign(request, notes)
    contents = writing.contents()
    tools = write_foreign_tools(request.tools or (), notes)
    choice = write_foreign_choice(request, notes)
    return present(
        systemInstruction={"parts": writing.system} if writing.system else None,
        contents=contents,
        tools=tools,
        toolConfig=None if choice is None else {"functionCallingConfig": choice},
        generationConfig=write_foreign_config(request, notes) or None,
        serviceTier=tier,
    )


class _Foreign:
    """Writes the messages of another dialect: `system` holds what is said beside the conversation."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._request = request
        self._notes = notes
        self._writer = PartWriter(notes, native=False, generation=generation_of(request.model))
        self.system: list[JSON] = []

    def contents(self) -> list[JSON]:
        """Give the contents: turns of the user and the model, where what a model says at once stands together."""
        turns: list[dict[str, JSON]] = []
        for message in in_turns(self._request.messages, together=(Role.ASSISTANT, Role.TOOL)):
            self._notes.drop_given("messages[]", name=message.name)
            self._notes.drop_extras(message.extras, "messages[]")
            parts = self._writer.write(message.parts)
            role = _ROLES.get(message.role)
            if role is None:
                if turns:
                    self._notes.drop("messages[].role")
                self.system += parts
            elif turns and turns[-1]["role"] == role and (message.joined or role == "model"):
                turns[-1]["parts"] += parts
            elif parts:
                turns.append({"role": role, "parts": parts})
        return turns or [{"role": "user", "parts": self._alone()}]

    def _alone(self) -> list[JSON]:
        """Give what the user says where nobody says anything: there must be a content."""
        parts, self.system = self.system, []
        if parts:
            self._notes.drop("messages[].role")
        return parts or [{"text": ""}]
