"""What the dialect is called, for its codec and for who registers it."""

NAME = "vertex-predict"
