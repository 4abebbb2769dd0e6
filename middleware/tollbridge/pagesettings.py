"""The section of the configuration about how pages speak and reckon."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

LANGUAGE_NAME = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PagesConfig:
    """`[pages]`: the language that is spoken where a browser asks for none that is known, a folder of further ones, and
    the time zone that days and hours are those of.
    """

    language: str = "en"
    catalogues: str = ""
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        if not LANGUAGE_NAME.fullmatch(self.language):
            raise ValueError(f"language {self.language!r} is no name of a language, such as en, pt-BR or zh-Hans")
        try:
            ZoneInfo(self.time_zone)
        except (LookupError, ValueError, OSError):
            raise ValueError(
                f"time_zone {self.time_zone!r} is no name of the IANA database, such as Europe/Berlin or Asia/Shanghai"
            ) from None
