"""One sample: a whole program, ready to be copied."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A program in one language.

    `name` is its own among the samples of a call, `title` what people call it (a proper name, the same in every
    language), `language` that of its code for whoever colours it. `install` and `run` are commands, `install` empty
    where nothing is needed.
    """

    name: str
    title: str
    language: str
    file_name: str
    code: str
    install: str
    run: str
