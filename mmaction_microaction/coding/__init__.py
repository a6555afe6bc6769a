"""Behaviour coding: from recordings to coded events, their files, their agreement and their summaries."""
