"""Submission files of the micro-action challenges: formats, writing and validation."""

from .detection import DETECTION_FORMATS, write_detection_submission
from .dump_submission import DumpSubmission
from .formats import FILE_NAME, SUBMISSION_FORMATS, clip_ids, predicted_labels
from .validation import ValidationReport, validate_submission
from .writing import write_submission

__all__ = [
    'DETECTION_FORMATS',
    'FILE_NAME',
    'SUBMISSION_FORMATS',
    'DumpSubmission',
    'ValidationReport',
    'clip_ids',
    'predicted_labels',
    'validate_submission',
    'write_detection_submission',
    'write_submission',
]
