"""Operators with a fast and a plain implementation."""

from .excite_and_shift import excite_and_shift, plain_excite_and_shift

__all__ = ['excite_and_shift', 'plain_excite_and_shift']
