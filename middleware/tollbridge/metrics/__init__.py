"""Metrics for Prometheus."""

from tollbridge.metrics.counting import Metrics
from tollbridge.metrics.families import FAMILIES
from tollbridge.metrics.multiprocess import join_multiprocess, prepare_multiprocess

__all__ = ["FAMILIES", "Metrics", "join_multiprocess", "prepare_multiprocess"]
