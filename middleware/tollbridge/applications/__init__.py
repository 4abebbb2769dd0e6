"""Applications: what calls, with tokens of its own."""
