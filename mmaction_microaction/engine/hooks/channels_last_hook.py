import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Hook that stores the weights of 2D convolutions, and thus all feature maps, in PyTorch's channels-last layout.

    Convolutions are faster in this layout on CPUs and on GPUs with tensor cores. The results are the same up to
    rounding. Weights of other shapes are unchanged.
    """

    def before_run(self, runner: Runner) -> None:
        """Convert the network before training or testing. Checkpoints can be loaded into either layout."""
        for parameter in runner.model.parameters():
            if parameter.dim() == 4:
                parameter.data = parameter.data.to(memory_format=torch.channels_last)
