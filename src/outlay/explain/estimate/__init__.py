"""Estimate: what a feature will cost before it is built, and how that estimate did once it was.

Comes in: a feature file, the price book, and real usage where the file leans on it. Goes out: cost per model compared,
with bands and parts; rows of `planned_cost`; the score of a planned cost against what happened.
"""

from outlay.explain.estimate.answer import estimate
from outlay.explain.estimate.feature_file import Planned, read_feature
from outlay.explain.estimate.score import score
from outlay.explain.estimate.stored import keep

__all__ = ["Planned", "estimate", "keep", "read_feature", "score"]
