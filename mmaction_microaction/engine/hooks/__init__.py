"""Hooks for training and testing, registered in MMAction2's ``HOOKS``."""

from .channels_last_hook import ChannelsLastHook
from .check_invalid_loss_hook import CheckInvalidLossHook
from .check_setup_hook import CheckSetupHook, add_to_every_run
from .check_train_list_hook import CheckTrainListHook
from .epoch_seed_hook import EpochSeedHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .unreadable_clips_hook import UnreadableClipsHook

__all__ = [
    'ChannelsLastHook',
    'CheckInvalidLossHook',
    'CheckSetupHook',
    'CheckTrainListHook',
    'EpochSeedHook',
    'SafeCheckpointHook',
    'UnreadableClipsHook',
    'add_to_every_run',
]
