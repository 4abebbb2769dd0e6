"""Where the words of an answer stand: a chat's in a message, those of generate at the top, under another name."""

from dataclasses import dataclass

from tollbridge.formats import JSON, Fields


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the two.  `name` is the dialect's, `words` the member that holds the text, `inside` what holds that."""

    name: str
    words: str
    inside: str = ""

    def of(self, found: Fields) -> Fields | None:
        """Give what holds the words, None where it is not there."""
        return found.inner(self.inside) if self.inside else found

    def wrapped(self, text: str, said: dict[str, JSON]) -> dict[str, JSON]:
        """Give the members that hold a text and what else was said."""
        if not self.inside:
            return {self.words: text, **said}
        return {self.inside: {"role": "assistant", self.words: text, **said}}


CHAT = Shape("ollama-chat", "content", "message")
GENERATE = Shape("ollama-generate", "response")
