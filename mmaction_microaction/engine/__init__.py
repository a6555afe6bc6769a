from .channels_last_hook import ChannelsLastHook
from .epoch_seed_hook import EpochSeedHook

__all__ = ['ChannelsLastHook', 'EpochSeedHook']
