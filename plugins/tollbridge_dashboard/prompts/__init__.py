"""Prompt APIs: their list, the editor of one, and what comes of a run."""
