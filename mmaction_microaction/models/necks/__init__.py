"""Necks."""

from .temporal_pyramid import TemporalPyramid

__all__ = ['TemporalPyramid']
