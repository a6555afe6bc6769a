import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keep the weights of 2D convolutions, and with them all feature maps, in PyTorch's channels-last layout.

    The results are the same up to rounding. Convolutions are faster in this layout on CPUs and on GPUs with tensor
    cores; weights of other shapes are left as they are.
    """

    def before_run(self, runner):
        """Convert the network before it is trained or tested; checkpoints load into either layout."""
        for parameter in runner.model.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.to(memory_format=torch.channels_last)
