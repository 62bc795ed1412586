"""Answers on the screen and traces to look at, beyond the files that Ascend's tools read."""

from .averages import KeyAverages
from .result import AnalysedResult
from .summary import Summary

__all__ = ["AnalysedResult", "KeyAverages", "Summary"]
