from tollbridge.stores.replays import shown_digest


def test_what_was_shown_has_one_digest_wherever_its_parts_end():
    told = [
        ("signed", "key", "nonce"),
        ("signed", "keyn", "once"),
        ("signed", "key", "nonce", ""),
        ("signed", "\ud800"),
    ]

    assert [len(shown_digest(*parts)) for parts in told] == [32] * 4
    assert len({shown_digest(*parts) for parts in told}) == 4
    assert shown_digest(*told[0]) == shown_digest(*told[0])
