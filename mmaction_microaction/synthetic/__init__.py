"""MA-52 without the licence form: a rendered seated person who performs the 52 micro-actions."""

from .clip import Clip, frames, frames_hash, make_clip, video_size

__all__ = ['Clip', 'frames', 'frames_hash', 'make_clip', 'video_size']
