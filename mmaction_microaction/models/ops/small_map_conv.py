"""A 2D convolution that is fast on feature maps of a few pixels."""

import torch
from mmaction.registry import MODELS
from torch import nn
from torch.nn import functional


@MODELS.register_module()
class SmallMapConv2d(nn.Conv2d):
    """``nn.Conv2d`` that trains faster on the CPU if the feature maps have a few pixels.

    PyTorch's convolutions on CPUs are slow on maps of 2 x 3 pixels, above all the gradient of the weights, which are
    much larger than such maps. This layer multiplies one matrix per element of the kernel instead, for all images at
    once, and skips elements that see only padding.
    Results are equal up to rounding, and checkpoints are the same as those of ``nn.Conv2d``.

    The layer is ``nn.Conv2d`` on larger maps, on GPUs, in inference, and if it has a stride, a dilation, groups, or
    another padding than zeros that keep the size. In a ResNet, ``conv_cfg=dict(type='SmallMapConv2d')`` switches it on.
    """

    max_pixels = 8
    """Maximum number of pixels of a small map. With 256 channels, 15 pixels take as long as with ``nn.Conv2d``."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve feature maps.

        Args:
            x (torch.Tensor): Feature maps, shape (N, C, H, W).

        Returns:
            torch.Tensor: Feature maps, shape (N, out_channels, H', W').
        """
        if (
            self.training
            and x.device.type == 'cpu'
            and self._keeps_size()
            and x.shape[2] * x.shape[3] <= self.max_pixels
        ):
            return _multiply(x, self.weight, self.bias)
        return super().forward(x)

    def _keeps_size(self) -> bool:
        """Return whether the output has the size of the input, by zero padding."""
        return (
            self.stride == self.dilation == (1, 1)
            and self.groups == 1
            and self.padding_mode == 'zeros'
            and all(size % 2 and padding == size // 2 for size, padding in zip(self.kernel_size, self.padding))
        )


def _multiply(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Convolve with one matrix product per element of the kernel."""
    x = x.permute(0, 2, 3, 1)
    height, width = x.shape[1:3]
    rows, columns = weight.shape[2:]
    matrices = weight.permute(2, 3, 0, 1).flatten(0, 1).contiguous().unbind()
    center = len(matrices) // 2
    y = functional.linear(x, matrices[center], bias)
    for index, matrix in enumerate(matrices):
        # The element of the kernel sees the pixel that is this far down and to the right.
        down, right = index // columns - rows // 2, index % columns - columns // 2
        if index != center and abs(down) < height and abs(right) < width:
            seen = x[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
            part = functional.linear(seen, matrix)
            y[:, max(-down, 0) : height - max(down, 0), max(-right, 0) : width - max(right, 0)] += part
    return y.permute(0, 3, 1, 2)
