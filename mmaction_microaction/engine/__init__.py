"""Hooks and optimizer constructors."""

from .hooks import (
    ChannelsLastHook,
    CheckInvalidLossHook,
    CheckSetupHook,
    CheckTrainListHook,
    EpochSeedHook,
    SafeCheckpointHook,
    UnreadableClipsHook,
    add_to_every_run,
)
from .optimizers import MANetOptimWrapperConstructor

__all__ = [
    'ChannelsLastHook',
    'CheckInvalidLossHook',
    'CheckSetupHook',
    'CheckTrainListHook',
    'EpochSeedHook',
    'MANetOptimWrapperConstructor',
    'SafeCheckpointHook',
    'UnreadableClipsHook',
]

add_to_every_run()
