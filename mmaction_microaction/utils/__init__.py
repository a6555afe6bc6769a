"""Helpers that know nothing of micro-actions: files, processes, pickles, messages."""
