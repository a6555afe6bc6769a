"""Emotions of MA-52-Pro."""

EMOTIONS = ('joy', 'sadness', 'surprise', 'fear', 'anger')
"""Emotions, by label (Guo et al., section VI)."""
