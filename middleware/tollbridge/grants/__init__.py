"""Grants: what a person let a client do, and the codes and tokens that come of it."""
