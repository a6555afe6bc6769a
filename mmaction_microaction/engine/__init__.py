from .channels_last_hook import ChannelsLastHook
from .epoch_seed_hook import EpochSeedHook
from .invalid_loss_hook import InvalidLossHook
from .keeping_checkpoint_hook import KeepingCheckpointHook
from .training_list_hook import TrainingListHook
from .unreadable_clips_hook import UnreadableClipsHook

__all__ = [
    'ChannelsLastHook',
    'EpochSeedHook',
    'InvalidLossHook',
    'KeepingCheckpointHook',
    'TrainingListHook',
    'UnreadableClipsHook',
]
