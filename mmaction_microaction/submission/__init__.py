from .forms import FILE_NAME, FORMS, clip_ids, predicted_labels
from .predictions import name_black_rows, positions_of, read_clip_names, read_scores
from .validation import Report, validate_submission
from .writing import write_submission

__all__ = [
    'FILE_NAME',
    'FORMS',
    'Report',
    'clip_ids',
    'name_black_rows',
    'positions_of',
    'predicted_labels',
    'read_clip_names',
    'read_scores',
    'validate_submission',
    'write_submission',
]
