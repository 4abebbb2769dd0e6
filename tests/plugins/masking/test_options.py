"""Options that cannot be meant are refused, in one sentence that names what is known."""

from typing import Any

import pytest

from tollbridge.errors import ConfigError
from tollbridge_masking.masking import Masking


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"level": "some"}, r"there is no level 'some'; known: partial, full"),
        ({"level": ""}, r"there is no level ''; known: partial, full"),
        ({"finds": ("email", "ssn")}, r"'ssn' cannot be found; known: card, email, iban, ip, phone"),
        ({"finds": ()}, r"nothing would be masked; name something in finds, fields or words"),
        ({"fields": ("",)}, r"each entry of fields must be 1 to 100 characters"),
        ({"words": ("x" * 101,)}, r"each entry of words must be 1 to 100 characters"),
        ({"words": ("x",) * 201}, r"words has 201 entries; 200 at most"),
        ({"words": ("#4711",)}, r"the word '#4711' must begin and end with a letter or a digit"),
        ({"fields": ("customer..email",)}, r"the field 'customer\.\.email' must be names of members with dots between"),
        ({"fields": ("cust*.email",)}, r"the field 'cust\*\.email' must be names"),
        ({"fields": ("*",)}, r"the field '\*' would mask everything; name a member"),
        ({"fields": ("*.*",)}, r"would mask everything"),
        ({"pass_types": ("image",)}, r"'image' is no media type in small letters, such as image/png or image/\*"),
        ({"pass_types": ("*/*",)}, r"is no media type"),
        ({"pass_types": ("text/event-stream",)}, r"'text/event-stream' would pass event streams"),
        ({"pass_types": ("text/*",)}, r"'text/\*' would pass event streams"),
    ],
)
def test_option_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Masking(**options)


def test_option_is_refused_at_start_by_the_name_of_its_table(bridge) -> None:
    with pytest.raises(ConfigError, match=r"^policies\.masking: there is no level 'some'; known: partial, full$"):
        bridge(level="some")


def test_words_alone_may_be_masked() -> None:
    assert Masking(finds=(), words=("Adler",)).words == ("Adler",)


def test_services_and_plans_may_name_it() -> None:
    assert (Masking.for_services, Masking.pure) == (True, True)
    assert Masking() == Masking(level="partial", finds=("email", "phone", "card", "iban"))
