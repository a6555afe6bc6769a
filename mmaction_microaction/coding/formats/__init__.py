"""Files of coded recordings, in the formats of the programs in which people code behaviour."""

from .format import FORMATS, Format, read_codings

__all__ = ['FORMATS', 'Format', 'read_codings']
