from .channels_last_hook import ChannelsLastHook
from .check_invalid_loss_hook import InvalidLossHook
from .check_setup_hook import CheckSetupHook, add_to_every_run
from .check_train_list_hook import TrainingListHook
from .epoch_seed_hook import EpochSeedHook
from .safe_checkpoint_hook import KeepingCheckpointHook
from .unreadable_clips_hook import UnreadableClipsHook

__all__ = [
    'ChannelsLastHook',
    'CheckSetupHook',
    'EpochSeedHook',
    'InvalidLossHook',
    'KeepingCheckpointHook',
    'TrainingListHook',
    'UnreadableClipsHook',
    'add_to_every_run',
]
