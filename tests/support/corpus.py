"""Recorded traffic of real providers, from the folder that `TOLLBRIDGE_CORPUS` names."""

import itertools
import json
import os
import random
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "TOLLBRIDGE_CORPUS"


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded request and its answer.

    `text` is a stream as recorded, `body` a parsed JSON answer, `frames` a stream of bytes, `events` what a stream
    said, where it was recorded without its form; `folder` is where it is.
    """

    name: str
    path: str
    request: Any
    status: int
    body: Any
    text: str | None
    frames: bytes | None = None
    folder: str = ""
    events: tuple[Any, ...] = ()

    def cuts(self, *sizes: int) -> Iterator[list[bytes]]:
        """Give the stream whole, then in pieces of each given mean size; the same pieces every time."""
        stream = (self.text or "").encode()
        yield [stream]
        chance = random.Random(self.name)
        for size in sizes:
            places = sorted(chance.sample(range(1, len(stream)), k=max(1, (len(stream) - 1) // size)))
            bounds = [0, *places, len(stream)]
            yield [stream[start:end] for start, end in itertools.pairwise(bounds)]


def read_cases(folder: Path) -> list[Case]:
    """Read every case of a folder, by name."""
    cases = []
    for file in sorted(folder.glob("*.json")):
        found = json.loads(file.read_text("utf-8"))
        request, response = found.get("request") or {}, found["response"]
        cases.append(
            Case(
                file.stem,
                request.get("path", "").partition("?")[0],
                request.get("body"),
                response["status"],
                response.get("body"),
                response.get("text"),
                b64decode(response["body_base64"]) if "body_base64" in response else None,
                f"{folder.parent.name}/{folder.name}",
                tuple(response.get("events") or ()),
            )
        )
    return cases


def is_answer(case: Case) -> bool:
    """Whether a call succeeded with one JSON body."""
    return case.status == 200 and case.body is not None


def is_stream(case: Case) -> bool:
    """Whether a call succeeded with a stream of events."""
    return case.status == 200 and case.text is not None


def corpus_folders(*folders: str) -> pytest.MarkDecorator:
    """Run a test once for each of these folders, its cases as the argument `cases`; skipped where there is no corpus.

    For what is quick and done to thousands of cases: a test for each would take longer than what is tested.
    """
    root = os.environ.get(VARIABLE, "")
    if not root:
        reason = f"recorded traffic is not here; name its folder in {VARIABLE}"
        return pytest.mark.parametrize("cases", [pytest.param([], marks=pytest.mark.skip(reason=reason))], ids=["none"])
    return pytest.mark.parametrize("cases", [read_cases(Path(root, folder)) for folder in folders], ids=list(folders))


def corpus(*folders: str, only: Callable[[Case], bool] = lambda case: True) -> pytest.MarkDecorator:
    """Run a test once for each case of these folders, as its argument `case`; skipped where there is no corpus."""
    root = os.environ.get(VARIABLE, "")
    if not root:
        reason = f"recorded traffic is not here; name its folder in {VARIABLE}"
        return pytest.mark.parametrize(
            "case", [pytest.param(None, marks=pytest.mark.skip(reason=reason))], ids=["none"]
        )
    cases = [case for folder in folders for case in read_cases(Path(root, folder)) if only(case)]
    if not cases:
        raise pytest.UsageError(f"{VARIABLE}={root} holds no cases in {', '.join(folders)}")
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)
