from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS


class CosineClassifier(nn.Linear):
    r"""Linear layer whose outputs are scaled cosines between features and the weight vectors of the classes.

    .. math:: z_c = s \cdot \frac{x \cdot w_c}{\lVert x \rVert \, \lVert w_c \rVert}

    The norm of a weight vector, which grows with the number of clips of its class, has no effect. The layer has a bias
    that is always 0 and never trained, since TSM's optimizer constructor expects one in the last linear layer.

    Shapes: the input is (..., D), and the output is (..., C).

    Args:
        in_features (int): Number of dimensions D of the features.
        num_classes (int): Number of classes C.
        scale (float): Scale s. The logits are between -s and s. Defaults to 30.

    Examples:
        >>> import torch
        >>> classifier = CosineClassifier(2, 2, scale=10)
        >>> _ = classifier.weight.data.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.1]]))
        >>> classifier(torch.tensor([[0.3, 0.4]])).tolist()
        [[6.0, 8.0]]
    """

    def __init__(self, in_features: int, num_classes: int, scale: float = 30.0) -> None:
        super().__init__(in_features, num_classes)
        self.scale = scale
        nn.init.zeros_(self.bias)
        self.bias.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the logits."""
        # The smallest norm is representable in half precision.
        return self.scale * F.linear(F.normalize(x, dim=-1, eps=1e-6), F.normalize(self.weight, dim=-1, eps=1e-6))

    def extra_repr(self) -> str:
        """Return the settings of the layer."""
        return f'in_features={self.in_features}, num_classes={self.out_features}, scale={self.scale}'


@MODELS.register_module()
def CosineHead(main: str | dict, scale: float = 30.0, **kwargs: Any) -> BaseHead:
    """Factory of a head whose last layer is replaced by a :class:`.CosineClassifier`.

    Every head with a linear layer ``fc_cls`` is possible: :class:`.MANetHead`, and all heads of MMAction2 for frames
    and clips. One option in any config switches it on; other arguments of the head stay as they are::

        model=dict(cls_head=dict(type='CosineHead', main='TSNHead'))

    The winner of the challenge of 2024 (qklee-lz/ACMMM2024-MAC) computes :math:`30 \\cos(\\theta + 0.5)`. The margin of
    0.5 is added for all classes, also in the test, so it hardly changes the ranking. It is left out here.

    Args:
        main (str | dict): Type of the head, or its config.
        scale (float): Scale of the cosines. Defaults to 30.
        **kwargs (Any): Further arguments of the head.

    Returns:
        BaseHead: The head.

    Raises:
        TypeError: If the head has no linear layer ``fc_cls``.
    """
    head = build_main_head(main, kwargs)
    linear = getattr(head, 'fc_cls', None)
    if not isinstance(linear, nn.Linear):
        raise TypeError(f'{type(head).__name__} has no linear layer fc_cls, so CosineHead cannot replace it')
    head.fc_cls = CosineClassifier(linear.in_features, linear.out_features, scale)
    return head


def build_main_head(main: str | dict, arguments: dict[str, Any]) -> BaseHead:
    """Build the head that another one changes or extends.

    Args:
        main (str | dict): Type of the head, or its config.
        arguments (dict[str, Any]): Further arguments of the head.

    Returns:
        BaseHead: The head.
    """
    return MODELS.build({**({'type': main} if isinstance(main, str) else main), **arguments})
