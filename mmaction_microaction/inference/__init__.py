"""Recognition of micro-actions in video files and live streams."""

from mmaction_microaction.video.camera import CameraStream
from mmaction_microaction.video.sources import find_videos

from .crops import parse_crop
from .drawing import draw_boxes, write_labeled_video, write_pose_video
from .face_blur import FaceBlur, blur_faces
from .inferencer import MicroActionInferencer
from .people import FramedVideo, NoPersonError, SeveralPeopleWarning
from .result_files import WRITERS, write_csv, write_detections, write_json
from .results import ClipResult, DetectionResult, ScoredWindow, TimelineResult, describe_framing

__all__ = [
    'WRITERS',
    'CameraStream',
    'ClipResult',
    'DetectionResult',
    'FaceBlur',
    'FramedVideo',
    'MicroActionInferencer',
    'NoPersonError',
    'ScoredWindow',
    'SeveralPeopleWarning',
    'TimelineResult',
    'blur_faces',
    'describe_framing',
    'draw_boxes',
    'find_videos',
    'parse_crop',
    'write_csv',
    'write_detections',
    'write_json',
    'write_labeled_video',
    'write_pose_video',
]
