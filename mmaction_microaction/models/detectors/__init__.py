"""Detectors, which find several actions in a longer video."""

from .decoding import DecodedDetections, decode_detections, soft_nms
from .detection_data_preprocessor import DetectionDataPreprocessor
from .frame_features import extract_features
from .micro_action_detector import MicroActionDetector

__all__ = [
    'DecodedDetections',
    'DetectionDataPreprocessor',
    'MicroActionDetector',
    'decode_detections',
    'extract_features',
    'soft_nms',
]
