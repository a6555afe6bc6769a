from .channels_last_hook import ChannelsLastHook
from .check_setup_hook import CheckSetupHook, add_to_every_run
from .epoch_seed_hook import EpochSeedHook
from .invalid_loss_hook import InvalidLossHook
from .keeping_checkpoint_hook import KeepingCheckpointHook
from .manet_optim_wrapper_constructor import MANetOptimWrapperConstructor
from .training_list_hook import TrainingListHook
from .unreadable_clips_hook import UnreadableClipsHook

__all__ = [
    'ChannelsLastHook',
    'CheckSetupHook',
    'EpochSeedHook',
    'InvalidLossHook',
    'KeepingCheckpointHook',
    'MANetOptimWrapperConstructor',
    'TrainingListHook',
    'UnreadableClipsHook',
]

add_to_every_run()
