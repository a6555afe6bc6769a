from .excite_and_shift import excite_and_shift, plain_excite_and_shift
from .tin_shift import sample_frames_at, tin_shift

__all__ = ['excite_and_shift', 'plain_excite_and_shift', 'sample_frames_at', 'tin_shift']
