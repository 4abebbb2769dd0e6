"""What a gateway is made of, as those see it who administer it: settings, database, plugins, models and providers."""

from tollbridge.providerkeys.trying import TRIED, ProviderTried, ProviderTry, try_provider
from tollbridge.seeing.inforce import OptionInForce, Origin, SectionInForce, sections_in_force
from tollbridge.seeing.installation import VERSION, Database, Disk, database_of, disk_of
from tollbridge.seeing.providers import KeyPlace, ProviderSeen, Variable, provider_names, provider_seen
from tollbridge.seeing.speaking import Speaking, speaking_of

__all__ = [
    "TRIED",
    "VERSION",
    "Database",
    "Disk",
    "KeyPlace",
    "OptionInForce",
    "Origin",
    "ProviderSeen",
    "ProviderTried",
    "ProviderTry",
    "SectionInForce",
    "Speaking",
    "Variable",
    "database_of",
    "disk_of",
    "provider_names",
    "provider_seen",
    "sections_in_force",
    "speaking_of",
    "try_provider",
]
