"""What is found, and what is not: an id, a price, a date or a hash is no telephone number."""

import pytest
from tests.plugins.masking.conftest import mask

EMAILS = {
    "joe@example.com": "j***@example.com",
    "write to <joe.doe+shop@mail.example.co.uk>, please": "write to <j***@mail.example.co.uk>, please",
    "j@example.com": "***@example.com",
    "mailto:joe_doe@ex-ample.museum.": "mailto:j***@ex-ample.museum.",
    "email=joe@example.com&x=1": "email=j***@example.com&x=1",
    "müller@bücher.example": "m***@bücher.example",
    "joe@example.xn--p1ai": "j***@example.xn--p1ai",
}
CARDS = {
    "4111 1111 1111 1111": "**** **** **** 1111",
    "4111111111111111": "************1111",
    "5555-5555-5555-4444": "****-****-****-4444",
    "2223003122003222": "************3222",
    "3782 822463 10005": "**** ****** *0005",
    "378282246310005": "***********0005",
    "30569309025904": "**********5904",
    "6011111111111117, 3530111333300000": "************1117, ************0000",
    "4111 1111 1111 1111 4111 1111 1111 1111": "**** **** **** 1111 **** **** **** 1111",
    "card:4222222222222.": "card:*********2222.",
}
IBANS = {
    "DE89370400440532013000": "DE****************3000",
    "DE89 3704 0044 0532 0130 00 is it": "DE** **** **** **** **30 00 is it",
    "GB82 WEST 1234 5698 7654 32": "GB** **** **** **** **54 32",
    "be68 5390 0754 7034 ist": "be** **** **** 7034 ist",
    "IBAN:NO9386011117947": "IBAN:NO*********7947",
    "MT84MALT011000012345MTLCAST001S": "MT*************************001S",
}
PHONES = {
    "+49 170 1234512": "+49 *** *****12",
    "+491701234512": "+49********12",
    "+49 (0)30 123456-12": "+49 (*)** ******-12",
    "+1 415 555 0132": "+1 *** *** **32",
    "+351 912 345 678": "+351 *** *** *78",
    "+33.1.23.45.67.89, or": "+33.*.**.**.**.89, or",
    "call 030 123456 now": "call *** ****56 now",
    "030/123456": "***/****56",
    "(030) 123456": "(***) ****56",
    "0171-2345678 2026-01-05": "****-*****78 2026-01-05",
    "0171 2345678 12:30": "**** *****78 12:30",
    "030 123456, 0171 2345678": "*** ****56, **** *****78",
    "01 23 45 67 89": "** ** ** ** 89",
    "020 7946 0958": "*** **** **58",
    "0049 30 123456": "**** ** ****56",
    "(415) 555-0132": "(***) ***-**32",
    "1-415-555-0132": "*-***-***-**32",
    "415.555.0132": "***.***.**32",
}
IPS = {
    "192.0.2.17": "192.0.*.*",
    "from 10.1.2.3:8080, 192.0.2.1.": "from 10.1.*.*:8080, 192.0.*.*.",
    "2001:db8::17": "2001:***",
    "[2001:db8:0:0:0:0:0:1]:443": "[2001:***]:443",
    "::1 fe80::1%eth0 2001:db8::1: gone": ":*** fe80:***%eth0 2001:***: gone",
}
FOUND = {**EMAILS, **CARDS, **IBANS, **PHONES, **IPS}

NOT_FOUND = [
    "1234567890",
    "01701234567",  # a telephone number, but not written as one
    "0306406152",
    "550e8400-e29b-41d4-a716-446655440000",
    "12345678-1234-4123-8123-123456789012",
    "d41d8cd98f00b204e9800998ecf8427e",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "chatcmpl-4111111111111111a",
    "order-4111111111111111",
    "2026-01-05T12:00:00+02:00",
    "2026-01-05 12:30:45.123456",
    "05.01.2026, 12:30 to 13:45",
    "01/05/2026",
    "0800-1600",
    "20260105T120000Z",
    "1767614400000",
    "$4,111.11, 1,234,567.89 and 10.000.000,00",
    "+1.000.000 and +5",
    "+12.5 %",
    "0.4111111111111111",
    "978-3-16-148410-0",
    "100-200, 12-34-56",
    "012 345 678 901 234 567",
    "12 345 678 901",
    "12 030 123456",  # one of a row of numbers, for all that can be seen
    "4111 1111 1111 1112",  # its last digit is wrong
    "1111 1111 1111 1117",  # no issuer's
    "411111111111116",  # too short for its issuer
    "DE89370400440532013001",
    "DE8937040044053201300",
    "XX89370400440532013000",
    "ADE89370400440532013000",
    "joe@localhost",
    "@example.com",
    "joe @ example.com",
    "lodash@4.17.21",
    "@scope/package",
    "v1.2.3, 1.2.3.4.5",
    "999.1.1.1",
    "12:30:45",
    "std::vector, a :: b, dead::beef",
    "00:1b:63:84:45:e6",
]


@pytest.mark.parametrize("text", FOUND)
def test_what_is_found_is_masked_in_part(text: str) -> None:
    assert mask(text) == FOUND[text]


@pytest.mark.parametrize("text", [*FOUND.values()])
def test_what_is_masked_is_not_masked_again(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [("a@b.de@c.de", "***@b.deb***@c.de"), (f"{'x' * 100}@example.com", f"{'x' * 36}x***@example.com")],
)
def test_what_is_no_address_for_its_length_or_signs_is_masked_all_the_same(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_is_something_else_stays(text: str) -> None:
    assert mask(text) == text
    assert mask(f"in a text, {text}; and on") == f"in a text, {text}; and on"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("joe@example.com", "[email]"),
        ("4111 1111 1111 1111", "[card]"),
        ("+49 170 1234512", "[phone]"),
        ("DE89 3704 0044 0532 0130 00", "[iban]"),
        ("192.0.2.17", "[ip]"),
    ],
)
def test_nothing_stays_where_all_is_masked(text: str, masked: str) -> None:
    assert mask(f"x {text}, y", level="full") == f"x {masked}, y"


def test_only_what_is_named_is_looked_for() -> None:
    text = "joe@example.com, 4111 1111 1111 1111, 192.0.2.17"

    assert mask(text, finds=("card",)) == "joe@example.com, **** **** **** 1111, 192.0.2.17"


class TestWords:
    """Words of the operator's."""

    def test_word_is_masked_wherever_it_stands_alone_and_however_it_is_written(self) -> None:
        masked = mask("Adler, ADLER and adlers; Seeadler (adler)", words=("Adler",))

        assert masked == "A***, A*** and adlers; Seeadler (a***)"

    def test_all_of_it_is_masked(self) -> None:
        assert mask("the Adler flies", words=("adler",), level="full") == "the [word] flies"

    def test_longer_of_two_is_masked(self) -> None:
        assert mask("Projekt Adler", words=("Projekt", "Projekt Adler")) == "P***"

    def test_two_that_overlap_are_both_masked(self) -> None:
        assert mask("red green blue", words=("red green", "green blue"), finds=()) == "r***g***"

    def test_word_is_no_pattern(self) -> None:
        assert mask("a+b aab", words=("a+b",)) == "a*** aab"

    @pytest.mark.parametrize(
        ("word", "text"), [("MÜLLER", "müller"), ("ΟΔΟΣ", "οδος"), ("ΟΔΟΣ", "οδοσ"), ("İzmir", "İ: İzmir")]
    )
    def test_letters_of_other_alphabets_are_no_hindrance(self, word: str, text: str) -> None:
        assert mask(text, words=(word,)) == text.removesuffix(text.split()[-1]) + text.split()[-1][0] + "***"
