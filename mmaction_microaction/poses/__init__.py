"""Poses of people in videos: estimation, following, and files of many videos."""

from .blazepose import BlazePose
from .estimation import PoseSettings, PoseTracker, estimate_poses, finish_poses
from .estimators import DETECTORS, PoseEstimator, make_estimator

__all__ = [
    'DETECTORS',
    'BlazePose',
    'PoseEstimator',
    'PoseSettings',
    'PoseTracker',
    'estimate_poses',
    'finish_poses',
    'make_estimator',
]
