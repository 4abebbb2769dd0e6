"""What a call uses and what it costs."""
