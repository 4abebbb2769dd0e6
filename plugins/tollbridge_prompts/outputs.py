"""What a model answered: whether it may be passed on, and what it is told where it may not."""

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from tollbridge.formats import Refusal, Request, Response, Role, Stop, Text
from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import ANSWER, PROBLEMS, REPAIR
from tollbridge_prompts.conversation import message
from tollbridge_prompts.definition import Output
from tollbridge_prompts.schemas import Schema

_CUT = "the answer was cut off before its end"


@dataclass(frozen=True, slots=True)
class Read:
    """An answer that was looked at: its value, a text or JSON; or what is wrong with it."""

    value: Any
    wrong: tuple[str, ...] = ()


class Outputs:
    """Reads answers.  Raises `UnusableSchema` for a schema that `checking` would have named."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._schema = Schema(output.schema) if output.type == "json" and output.schema is not None else None
        self._shown = ""
        if self._schema is not None:
            written = msgspec.json.encode(output.schema).decode()  # in the order of the definition
            self._shown = f" It must fit this JSON Schema:\n{written}"

    @property
    def is_json(self) -> bool:
        """Whether the answer is JSON."""
        return self._output.type == "json"

    def read(self, text: str, stop: Stop | None = None) -> Read:
        """Look at an answer."""
        if len(text) > ANSWER:
            return Read(None, (f"it has more than {ANSWER} characters",))
        if not self.is_json:
            said = text if self._output.exact else text.strip()
            return Read(said) if said else Read(None, ("it is empty",))
        try:
            value = jsontext.read(_inner(text))
        except ValueError as exc:
            return Read(None, (_CUT if stop is Stop.LENGTH else str(exc),))
        errors = self._schema.errors(value, most=PROBLEMS) if self._schema is not None else ()
        wrong = tuple(f"{error.pointer}: {error.message}" if error.pointer else error.message for error in errors)
        return Read(None, wrong) if wrong else Read(value)

    def repair(self, request: Request, text: str, wrong: tuple[str, ...]) -> Request:
        """Give the request that tells the model what is wrong with its answer and asks again.

        It holds the schema in words as well: not every model can be told it otherwise.
        """
        said = [message(Role.ASSISTANT, text[:REPAIR])] if text.strip() else []
        found = "\n".join(f"- {one}" for one in wrong)
        form = f" Give the JSON alone, with nothing before or after it.{self._shown}" if self.is_json else ""
        told = message(Role.USER, f"That answer cannot be used:\n{found}\nAnswer once more, corrected.{form}")
        return replace(request, messages=(*request.messages, *said, told))


def text_of(response: Response) -> str:
    """Give the words of the first answer."""
    parts = response.choices[0].parts if response.choices else ()
    return "".join(part.text for part in parts if isinstance(part, Text))


def stop_of(response: Response) -> Stop | None:
    """Say why the first answer ended; a model that declined in words of that kind refused."""
    if not response.choices:
        return None
    first = response.choices[0]
    return Stop.REFUSAL if any(isinstance(part, Refusal) for part in first.parts) else first.stop


def _inner(text: str) -> str:
    """Give what stands between the first and the last fence of an answer, the answer itself where there are none."""
    bare = text.strip()
    opening = bare.find("```")
    line = bare.find("\n", opening)
    closing = bare.rfind("```")
    if bare.startswith(("{", "[", '"')) or opening < 0 or not opening < line < closing:
        return bare
    label = bare[opening + 3 : line].strip().lower()
    return bare[line:closing] if label in ("", "json") else bare
