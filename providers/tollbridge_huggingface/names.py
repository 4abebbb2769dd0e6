"""What this dialect is called."""

NAME = "huggingface-features"
