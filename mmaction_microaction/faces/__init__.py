"""Face tracks of videos: detection, linking and extraction."""

from mmaction_microaction.structures.face_track import FaceTrack, read_face_track, write_face_track

from .detectors import DETECTORS, make_detector
from .extraction import FACES, FaceSettings, extract_faces, track_face

__all__ = [
    'DETECTORS',
    'FACES',
    'FaceSettings',
    'FaceTrack',
    'extract_faces',
    'make_detector',
    'read_face_track',
    'track_face',
    'write_face_track',
]
