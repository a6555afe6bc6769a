"""Poses of people in videos: estimation, following, and files of many videos."""

from .blazepose import BlazePose
from .estimation import PoseSettings, PoseTracker, estimate_poses, finish_poses
from .estimators import DETECTORS, PoseEstimator, make_estimator
from .extraction import PoseResult, PoseVideo, extract_poses, find_pose_videos
from .following import smooth

__all__ = [
    'DETECTORS',
    'BlazePose',
    'PoseEstimator',
    'PoseResult',
    'PoseSettings',
    'PoseTracker',
    'PoseVideo',
    'estimate_poses',
    'extract_poses',
    'find_pose_videos',
    'finish_poses',
    'make_estimator',
    'smooth',
]
