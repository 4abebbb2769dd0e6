"""What a set-up is, as data.

Its sentences are marked for translators and said later: `gettext(step.text) % step.values`. Code and names are never
translated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tollbridge_portal.samples.called import check_address, check_text, check_variable


@dataclass(frozen=True, slots=True)
class Target:
    """What a tool is pointed at: a gateway's address, a model, and the environment variable that holds the token.

    `base_url` may have a path, and has no `/v1`. Raises `Unwritable` for what is none of these.
    """

    base_url: str
    model: str
    variable: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", check_address(self.base_url))
        check_variable(self.variable)
        check_text(self.model)

    @property
    def openai_url(self) -> str:
        """Where clients of OpenAI's look."""
        return f"{self.base_url}/v1"


@dataclass(frozen=True, slots=True)
class Block:
    """Something to copy.  `file_name` is where it goes, empty for what is typed."""

    language: str
    code: str
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in a sentence or two; `values` fill in its `%(name)s`."""

    text: str
    block: Block | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setup:
    """How a tool is pointed at the gateway.

    `name` is its own among all, `title` a proper name, `about` a sentence that says what it is, `limits` sentences
    about what does not work through a gateway, and `source` the vendor's page that says how it is set.
    """

    name: str
    title: str
    about: str
    steps: tuple[Step, ...]
    limits: tuple[str, ...]
    source: str
