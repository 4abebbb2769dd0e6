"""Who is asked at once, and who gets messages."""

import pytest

from tollbridge.atonce import GivesBody, TakesAnswer, answer_at_once, body_at_once


class Both(GivesBody, TakesAnswer):
    async def receive(self):
        raise AssertionError

    async def send(self, message):
        raise AssertionError


class Namesake:
    """Has methods of the same names, and means something else by them."""

    async def receive(self):
        raise AssertionError

    async def send(self, message):
        raise AssertionError

    def take_whole(self, most):
        raise AssertionError

    send_whole = take_whole


def test_owner_of_the_method_is_asked() -> None:
    both = Both()

    assert body_at_once(both.receive) == both.take_whole
    assert answer_at_once(both.send) == both.send_whole


def test_others_get_messages() -> None:
    async def hear():
        return await Both().receive()

    other = Namesake()

    assert body_at_once(hear) is None
    assert answer_at_once(hear) is None
    assert body_at_once(other.receive) is None
    assert answer_at_once(other.send) is None


def test_seams_themselves_do_nothing() -> None:
    with pytest.raises(NotImplementedError):
        GivesBody().take_whole(1)
    with pytest.raises(NotImplementedError):
        TakesAnswer().send_whole(200, [], b"")
