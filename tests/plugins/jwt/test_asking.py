"""Asking about tokens; what a gateway makes of it is in `test_introspection.py`."""

import json

from tests.plugins.jwt.conftest import INTROSPECT, Outside

from tollbridge.testing import FixedClock
from tollbridge.testing.fake import Reply
from tollbridge_jwt.asking import Asking, in_form
from tollbridge_jwt.web import Web


async def test_so_many_answers_are_kept_and_the_oldest_gives_way() -> None:
    outside = Outside()
    outside.pages[INTROSPECT] = Reply(body=json.dumps({"active": True, "sub": "x"}).encode())
    web = Web(outside, allow_private=False)
    asking = Asking(web, INTROSPECT, FixedClock(), shows=in_form("gw", "secret"), cache_s=60)

    for number in range(4097):
        await asking.about(b"%d" % number)
    asked = len(outside.asked)
    for number in (1, 4096, 0):
        await asking.about(b"%d" % number)

    assert (asked, len(outside.asked), len(asking._kept)) == (4097, 4098, 4096)
