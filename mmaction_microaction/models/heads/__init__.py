"""Heads."""

from .manet_head import MANetHead

__all__ = ['MANetHead']
