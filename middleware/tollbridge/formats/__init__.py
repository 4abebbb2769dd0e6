"""Wire formats: what the core needs to know of one, and how streams of events are cut."""
