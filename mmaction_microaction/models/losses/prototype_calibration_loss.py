from collections.abc import Sequence

import torch
import torch.nn as nn
import torch.nn.functional as F
from mmaction.registry import MODELS


def split_samples(
    labels: torch.Tensor, predictions: torch.Tensor, num_classes: int, coarse_correct: torch.Tensor | None = None
) -> torch.Tensor:
    """Split a batch into the sets of PCAN: true positives, false negatives and false positives of each class.

    With the predictions of the coarse level, false negatives are three sets, and a true positive is correct at both
    levels:

    ===  ======  =====
    set  coarse  fine
    ===  ======  =====
    TP   right   right
    FN1  right   wrong
    FN2  wrong   right
    FN3  wrong   wrong
    ===  ======  =====

    These sets are filed under the true class. False positives, filed under the predicted class, are the samples whose
    prediction is wrong.

    Args:
        labels (torch.Tensor): True classes, shape (N,).
        predictions (torch.Tensor): Predicted classes, shape (N,).
        num_classes (int): Number of classes C.
        coarse_correct (torch.Tensor, optional): Whether the coarse class of each sample is predicted correctly, bool,
            shape (N,). Defaults to None: there is one set of false negatives.

    Returns:
        torch.Tensor: Whether a sample belongs to a set of a class, bool, shape (S, N, C). The S sets are TP, FN, FP or
        TP, FN1, FN2, FN3, FP.

    Examples:
        >>> sets = split_samples(torch.tensor([0, 0]), torch.tensor([0, 1]), num_classes=2)
        >>> [samples.nonzero().tolist() for samples in sets]  # pairs of sample and class
        [[[0, 0]], [[1, 0]], [[1, 1]]]
    """
    right = predictions == labels
    if coarse_correct is None:
        by_label = [right, ~right]
    else:
        by_label = [coarse_correct & right, coarse_correct & ~right, ~coarse_correct & right, ~coarse_correct & ~right]
    true_class = F.one_hot(labels, num_classes).bool()
    predicted_class = F.one_hot(predictions, num_classes).bool()
    return torch.stack([*(samples[:, None] & true_class for samples in by_label), ~right[:, None] & predicted_class])


@MODELS.register_module()
class PrototypeCalibrationLoss(nn.Module):
    r"""Cross-entropies of calibrated similarities between samples and class prototypes (PCAN, AAAI 2025).

    For each set S of false negatives (sign +) and false positives (sign -), see ``split_samples``, the similarity
    of sample n to class k is

    .. math::
        s^S_{nk} = \frac{w_S}{\tau} \left[ \cos(P_k, z_n) + 1[k = y_n, S_k \ne \emptyset] \,
        \alpha \, (1 - p_{n, y_n}) \, (\pm \cos(C^S_k, z_n) - 1) \right]

    with the embedding z, the prototype P, the sum C of the members' embeddings and the predicted probability p of the
    true class. The loss is the sum over the sets of the cross-entropies, averaged over the samples. The factors
    :math:`w_S` multiply the similarities and not the losses, as in the released code. The loss is that of FR-Head
    (Zhou et al., CVPR 2023), whose authors have two sets.

    Args:
        loss_weight (float): Factor of the loss. Defaults to 0.2.
        temperature (float): :math:`\tau`. Defaults to 0.125.
        calibration (float): :math:`\alpha`. 0 compares samples with prototypes only. Defaults to 0.125.
        false_negative_scales (Sequence[float]): Factors :math:`w_S` of the sets of false negatives. If there is one
            set, its factor is the first one. The factor of false positives is 1. Defaults to ``(1.0, 0.1, 0.5)``.

    Examples:
        >>> prototypes, centers = torch.eye(2), torch.zeros(2, 2, 2)
        >>> loss = PrototypeCalibrationLoss(loss_weight=1)
        >>> # No set has members: both terms are the cross-entropy of the similarities 1 and 0, divided by 0.125.
        >>> value = loss(torch.eye(2), prototypes, centers, torch.zeros(2, 2).bool(), torch.eye(2), torch.arange(2))
        >>> torch.testing.assert_close(value, 2 * torch.log1p(torch.exp(torch.tensor(-8.0))))
    """

    def __init__(
        self,
        loss_weight: float = 0.2,
        temperature: float = 0.125,
        calibration: float = 0.125,
        false_negative_scales: Sequence[float] = (1.0, 0.1, 0.5),
    ) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.temperature = temperature
        self.calibration = calibration
        self.false_negative_scales = tuple(false_negative_scales)

    def terms(
        self,
        embeddings: torch.Tensor,
        prototypes: torch.Tensor,
        centers: torch.Tensor,
        occupied: torch.Tensor,
        scores: torch.Tensor,
        labels: torch.Tensor,
    ) -> torch.Tensor:
        """Compute the unweighted cross-entropy of each set.

        Args:
            embeddings (torch.Tensor): Embeddings z of the samples, shape (N, D).
            prototypes (torch.Tensor): Prototypes P, shape (C, D).
            centers (torch.Tensor): Sums C of the members' embeddings by set and class, shape (S, C, D): the sets of
                false negatives, and then the false positives.
            occupied (torch.Tensor): Whether a set of a class has members, bool, shape (S, C).
            scores (torch.Tensor): Logits of the classifier, shape (N, C).
            labels (torch.Tensor): True classes y, shape (N,).

        Returns:
            torch.Tensor: Cross-entropies, shape (S,).

        Raises:
            ValueError: If there are more sets of false negatives than scales.
        """
        num_negatives = len(centers) - 1
        if num_negatives > len(self.false_negative_scales):
            raise ValueError(
                f'{num_negatives} sets of false negatives need as many false_negative_scales, got '
                f'{self.false_negative_scales}'
            )
        embeddings = F.normalize(embeddings, dim=-1)
        similarities = embeddings @ F.normalize(prototypes, dim=-1).T
        true_class = F.one_hot(labels, scores.size(1)).to(similarities)
        doubt = self.calibration * (1 - scores.softmax(dim=1).gather(1, labels[:, None]).squeeze(1))
        signs = [1] * num_negatives + [-1]
        scales = [*self.false_negative_scales[:num_negatives], 1.0]
        terms = []
        for center, members, sign, scale in zip(centers, occupied, signs, scales):
            to_center = (F.normalize(center, dim=-1)[labels] * embeddings).sum(dim=1)
            penalty = members[labels] * doubt * (sign * to_center - 1)
            calibrated = similarities + true_class * penalty[:, None]
            terms.append(F.cross_entropy(scale * calibrated / self.temperature, labels))
        return torch.stack(terms)

    def forward(self, *args: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            *args (torch.Tensor): Arguments of :meth:`terms`.

        Returns:
            torch.Tensor: Weighted sum of the terms, shape ().
        """
        return self.loss_weight * self.terms(*args).sum()
