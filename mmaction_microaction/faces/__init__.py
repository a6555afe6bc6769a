from .track import FaceTrack, read_face_track, write_face_track

__all__ = ['FaceTrack', 'read_face_track', 'write_face_track']
