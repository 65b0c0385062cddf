"""The types of SLI, one module each: what they count, how every backend is asked, how they are written."""

from __future__ import annotations

from slo.indicators.latency import KEY, read_latency
from slo.indicators.metric import Kinds
from slo.indicators.ratio import read_ratio
from slo.indicators.threshold import read_threshold

KINDS: Kinds = {"ratioMetric": read_ratio, "thresholdMetric": read_threshold, KEY: read_latency}
"""How each is read, by the key that OpenSLO has for it; ``latencyMetric`` is ours."""

__all__ = ["KINDS", "Kinds"]
