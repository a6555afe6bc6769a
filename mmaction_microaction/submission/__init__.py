from .dump_submission import SubmissionFile
from .formats import FILE_NAME, FORMS, clip_ids, predicted_labels
from .validation import Report, validate_submission
from .writing import write_submission

__all__ = [
    'FILE_NAME',
    'FORMS',
    'Report',
    'SubmissionFile',
    'clip_ids',
    'predicted_labels',
    'validate_submission',
    'write_submission',
]
