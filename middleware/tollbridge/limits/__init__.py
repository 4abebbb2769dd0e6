"""How fast: requests, tokens and calls at once."""
