from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmaction_microaction.evaluation.functional import micro_action_metrics, rank_classes
from mmaction_microaction.evaluation.functional.micro_action import check_options
from mmaction_microaction.label_sets import LabelSet, find_label_set
from mmaction_microaction.structures.predictions import check_probabilities, get_coarse_scores, get_scores
from mmaction_microaction.utils.messages import first_few, format_count


@METRICS.register_module()
class MicroActionMetric(BaseMetric):
    r"""Accuracy and F1 of actions and of their groups, such as body parts: a row of the paper's Table II.

    .. math:: F1_{mean} = \tfrac14 (F1_{macro}^{coarse} + F1_{micro}^{coarse} + F1_{macro}^{fine} + F1_{micro}^{fine})

    (Guo et al., Eq. 6). All values are percentages. A class that is neither true nor predicted has no F1 score and is
    left out of the macro mean, as in the challenges' evaluation; the log names it. The runner writes the result to
    ``<work_dir>/<timestamp>/<timestamp>.json``. The dataset determines the label set. If it has no groups, the metric
    has only the fine level, and ``fine/F1_mean`` instead of ``F1_mean``.

    Args:
        coarse_from (Literal['top1', 'sum', 'head']): How the body part is predicted: ``'top1'``, the body part of the
            best action (authors, challenges), ``'sum'``, the body part with the largest sum of fine probabilities, or
            ``'head'``, the best one of a separate classifier (``coarse_score``, see :class:`.PCANHead`). Defaults to
            ``'top1'``.
        macro (Literal['f1_macro', 'f1_macro_of_means']): Definition of macro F1: ``'f1_macro'`` (challenges,
            scikit-learn) or ``'f1_macro_of_means'`` (Eq. 5 as printed). Defaults to ``'f1_macro'``.
        **kwargs: Arguments of MMEngine's ``BaseMetric``.

    Raises:
        ValueError: If an option is unknown.

    Examples:
        >>> test_evaluator = dict(type='MicroActionMetric', coarse_from='sum')  # in a config
        >>> METRICS.build(test_evaluator).macro
        'f1_macro'
    """

    default_prefix = ''

    def __init__(
        self,
        coarse_from: Literal['top1', 'sum', 'head'] = 'top1',
        macro: Literal['f1_macro', 'f1_macro_of_means'] = 'f1_macro',
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # A misspelt option should fail now and not after the first epoch.
        check_options(coarse_from, macro)
        self.coarse_from = coarse_from
        self.macro = macro

    def process(self, data_batch: dict | None, data_samples: Sequence[dict]) -> None:
        """Collect the scores and labels of a batch.

        Args:
            data_batch (dict | None): Not used.
            data_samples (Sequence[dict]): Samples with ``pred_score`` of shape (C,) and ``gt_label`` of shape (1,). A
                sample with ``unreadable`` counts as not recognised.

        Raises:
            ValueError: If the split is anonymised, or if the scores of a clip are not probabilities of the C
                actions of the label set. The message names the clip.
        """
        if (self.dataset_meta or {}).get('anonymized'):
            raise ValueError(
                'This split is anonymised: its list has no labels, or only the placeholder 0, so scores would be '
                'meaningless. configs/manet_r50_8x1_ma52_submission.py writes the challenge file instead. Any config '
                'writes predictions with --cfg-options test_evaluator.type=DumpResults '
                'test_evaluator.out_file_path=predictions.pkl'
            )
        sizes = {sample['pred_score'].numel() for sample in data_samples}
        # Once per batch, since a label set is checked when it is read.
        label_sets = {size: self._label_set(size) for size in sizes}
        for sample in data_samples:
            scores = get_scores(sample)
            if not sample.get('unreadable'):
                clip = sample.get('video_id', f'sample {len(self.results)}')
                check_probabilities(scores, clip, len(label_sets[scores.size]))
            groups = get_coarse_scores(sample) if self.coarse_from == 'head' else np.empty(0)
            self.results.append((scores, int(sample['gt_label']), groups))

    def compute_metrics(self, results: list[tuple[np.ndarray, int, np.ndarray]]) -> dict[str, float]:
        """Compute the metrics of all clips, and log them as a table.

        Args:
            results (list[tuple[np.ndarray, int, np.ndarray]]): Scores, label and, with ``coarse_from='head'``,
                scores of the groups of each clip.

        Returns:
            dict[str, float]: See :func:`.micro_action_metrics`.
        """
        scores, labels, coarse_scores = (np.array(column) for column in zip(*results))
        label_set = self._label_set(scores.shape[1])
        metrics = micro_action_metrics(labels, scores, self.coarse_from, self.macro, label_set, coarse_scores)
        print_log(f'\n{self._table(metrics, len(labels))}', logger='current')

        predictions = rank_classes(scores)[:, 0]
        absent = sorted(set(range(len(label_set))) - set(labels.tolist()) - set(predictions.tolist()))
        if absent:
            print_log(
                f'fine/F1_macro is over {len(label_set) - len(absent)} of {len(label_set)} actions. Neither true nor '
                f'predicted: {first_few(f"{i} {label_set.names[i]}" for i in absent)}.',
                logger='current',
            )
        return metrics

    def metric_names(self) -> list[str]:
        """Return the names of all metrics, for :class:`CheckSetupHook`.

        Returns:
            list[str]: Keys of :meth:`compute_metrics`. Empty if the dataset has no label set.
        """
        content = (self.dataset_meta or {}).get('label_set')
        if content is None:
            return []
        label_set = LabelSet.from_dict(content)
        return list(micro_action_metrics([0], np.eye(len(label_set))[:1], label_set=label_set))

    def _label_set(self, num_scores: int) -> LabelSet:
        return find_label_set(self.dataset_meta, num_scores, 'the dataset')

    def _table(self, metrics: dict[str, float], num_clips: int) -> str:
        """Format the metrics in the columns of Table II."""
        columns = {'F1_macro': 'F1_macro', 'F1_micro': 'F1_micro', 'top1': 'Acc-Top1', 'top5': 'Acc-Top5'}
        lines = [format_count(num_clips, 'clip').ljust(16) + ''.join(f'{title:>10}' for title in columns.values())]
        for level in ('coarse', 'fine') if 'F1_mean' in metrics else ('fine',):
            lines.append(f'{level:<16}' + ''.join(f'{metrics[f"{level}/{name}"]:10.2f}' for name in columns))
        mean = 'F1_mean' if 'F1_mean' in metrics else 'fine/F1_mean'
        lines.append(f'{mean:<16}{metrics[mean]:10.2f}')
        return '\n'.join(lines)
