"""Asking models from inside: what a plugin asks on the account of a call, through the links that every call passes.

`gateway.asking` is one `Asking`. What is asked and answered is the canonical model of `tollbridge.formats`.
"""

from tollbridge.asking.model import Account, Answered, Ask
from tollbridge.asking.service import Asking

__all__ = ["Account", "Answered", "Ask", "Asking"]
