"""Files of coded recordings, in the formats of the programs in which people code behaviour."""

from .eaf_read import read_eaf
from .eaf_write import write_eaf
from .format import FORMATS, Format, read_codings
from .subtitles import read_subtitles, write_srt, write_vtt
from .textgrid import read_textgrid, write_textgrid

__all__ = [
    'FORMATS',
    'Format',
    'read_codings',
    'read_eaf',
    'read_subtitles',
    'read_textgrid',
    'write_eaf',
    'write_srt',
    'write_textgrid',
    'write_vtt',
]
