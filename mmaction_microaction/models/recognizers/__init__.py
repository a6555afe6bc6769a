"""Recognizers."""

from .maenet import MAENet

__all__ = ['MAENet']
