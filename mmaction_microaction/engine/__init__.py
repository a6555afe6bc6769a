from .hooks import (
    ChannelsLastHook,
    CheckSetupHook,
    EpochSeedHook,
    InvalidLossHook,
    KeepingCheckpointHook,
    TrainingListHook,
    UnreadableClipsHook,
    add_to_every_run,
)
from .optimizers import MANetOptimWrapperConstructor

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
