"""Words for what the audit log records."""

from tollbridge.webhooks.events import EVENTS, NEW_SECRET, TEST
from tollbridge_dashboard.audit_deeds import DEEDS
from tollbridge_dashboard.audit_words import deed_of


def test_each_event_of_the_gateway_has_words_of_its_own() -> None:
    assert set(DEEDS) - {"audit.read"} == set(EVENTS) - {NEW_SECRET, TEST}
    assert len(set(DEEDS.values())) == len(DEEDS)


def test_what_a_plugin_records_is_written_by_its_name() -> None:
    assert deed_of("token.set_rotation") == "Token's rotation set up"
    assert deed_of("machine.set_on_fire") == "machine: set on fire"
    assert deed_of("machine") == "machine"
