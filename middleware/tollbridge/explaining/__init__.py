"""What would become of a call, and why: the chain is rehearsed with stand-ins for all that a call would change."""

from tollbridge.explaining.asked import Asked, asked_again, asked_of
from tollbridge.explaining.service import Explaining
from tollbridge.explaining.words import Decided, Explanation, Finding, Refusal, Rule, Subject

__all__ = [
    "Asked",
    "Decided",
    "Explaining",
    "Explanation",
    "Finding",
    "Refusal",
    "Rule",
    "Subject",
    "asked_again",
    "asked_of",
]
