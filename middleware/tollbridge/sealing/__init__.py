"""What secrets are sealed and hashed with: rings of keys, where they come from, and the places they bind to."""
