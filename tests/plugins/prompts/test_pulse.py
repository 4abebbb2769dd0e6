import asyncio

import pytest

from tollbridge_prompts.pulse import Pulse


class Ears:
    """Writes down what is heard; passes no words on but those in `passes`, and fails where it is told to."""

    def __init__(self, passes: str = "", *, fails: bool = False) -> None:
        self.heard: list[str] = []
        self.twice = asyncio.Event()
        self._passes = passes
        self._fails = fails

    async def piece(self, text: str) -> bool:
        self.heard.append(text)
        return text in self._passes

    async def void(self, wrong: tuple[str, ...]) -> None:
        self.heard.append("void")

    async def alive(self) -> None:
        self.heard.append("alive")
        if self.heard.count("alive") == 2:
            self.twice.set()
        if self._fails:
            self.twice.set()
            raise OSError("there is nobody")


async def test_silence_is_broken_as_often_as_it_lasts() -> None:
    ears = Ears()

    async with Pulse(ears, 0.001) as pulse:
        await pulse.piece("held back")
        await ears.twice.wait()

    assert ears.heard[:3] == ["held back", "alive", "alive"]
    heard = len(ears.heard)
    await asyncio.sleep(0)
    assert len(ears.heard) == heard


async def test_what_is_passed_on_is_a_sign_of_life_itself() -> None:
    ears = Ears("ab")

    async with Pulse(ears, 3600) as pulse:
        passed = [await pulse.piece("a"), await pulse.piece("no"), await pulse.piece("b")]
        await pulse.void(())
        await pulse.alive()

    assert passed == [True, False, True]
    assert ears.heard == ["a", "no", "b", "void", "alive"]


async def test_nothing_is_said_where_it_is_for_never() -> None:
    ears = Ears()

    async with Pulse(ears, 0):
        await asyncio.sleep(0)

    assert ears.heard == []


async def test_who_is_not_there_any_more_ends_it_and_nobody_hears_of_that() -> None:
    ears = Ears(fails=True)

    async with Pulse(ears, 0.001):
        await ears.twice.wait()

    assert ears.heard == ["alive"]


async def test_it_ends_with_whoever_is_cancelled() -> None:
    begun, others = asyncio.Event(), asyncio.all_tasks()

    async def listening() -> None:
        async with Pulse(Ears(), 3600):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(listening())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert asyncio.all_tasks() == others
