from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmaction_microaction.evaluation.functional import IOUS, detection_metrics
from mmaction_microaction.label_sets import MA52, LabelSet, find_label_set
from mmaction_microaction.structures.detections import Detections, Instances, collect_detections, to_array
from mmaction_microaction.utils.messages import first_few


@METRICS.register_module()
class DetectionMetric(BaseMetric):
    """Mean average precision of a detector, as in the evaluation of MMA-52.

    The metric ranks all detections of a test run, see :func:`.detection_metrics`. All values are percentages. The
    dataset determines the label set. If it has no groups, there are no values of ``body``.

    Args:
        absent_classes (Literal['ignore', 'error']): What to do with classes that are never true. ``'ignore'`` takes the
            mean over the other classes, and the log names those left out. ``'error'`` raises an error if one of them is
            detected, as :func:`.detection_metrics` does. Every class is true in the val split of MMA-52, so both give
            the same there; a split of one's own seldom has all classes. Defaults to ``'ignore'``.
        **kwargs: Arguments of MMEngine's ``BaseMetric``.

    Raises:
        ValueError: If the option is unknown.

    Examples:
        >>> val_evaluator = dict(type='DetectionMetric')  # in a config
        >>> METRICS.build(val_evaluator).absent_classes
        'ignore'
    """

    default_prefix = ''

    def __init__(self, absent_classes: Literal['ignore', 'error'] = 'ignore', **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if absent_classes not in ('ignore', 'error'):
            raise ValueError(f"absent_classes must be 'ignore' or 'error', got {absent_classes!r}")
        self.absent_classes = absent_classes

    def process(self, data_batch: dict | None, data_samples: Sequence[dict]) -> None:
        """Collect the detections and the true actions of a batch.

        Args:
            data_batch (dict | None): Not used.
            data_samples (Sequence[dict]): Samples with ``video_id``; ``pred_detections``, a dict with ``segments`` in
                seconds, shape (M, 2), ``labels`` and ``scores``, shape (M,); and ``gt_segments`` in seconds, shape
                (N, 2), and ``gt_labels``, shape (N,). A sample with ``unreadable`` has no detections.

        Raises:
            ValueError: If the table of the split has only placeholders, or a sample lacks detections or truth.
        """
        if (self.dataset_meta or {}).get('anonymized'):
            raise ValueError(
                'The table of this split has no true actions but placeholders, so scores would be meaningless. Write '
                'the detections with --cfg-options test_evaluator.type=DumpResults '
                'test_evaluator.out_file_path=predictions.pkl, and submit them with "microaction submit --format mmad"'
            )
        for sample in data_samples:
            missing = [key for key in ('video_id', 'pred_detections', 'gt_segments', 'gt_labels') if key not in sample]
            if missing:
                raise ValueError(
                    f'sample {len(self.results)} lacks {", ".join(missing)}: test a detector with MMA52Dataset, and '
                    'pack gt_segments, gt_labels and video_id at the end of its pipeline'
                )
            name = str(sample['video_id'])
            found = collect_detections([] if sample.get('unreadable') else [(name, sample['pred_detections'])])
            # Four digits are those of the table, which float32 does not keep and a threshold may depend on.
            segments = to_array(sample['gt_segments']).reshape(-1, 2).astype(float).round(4)
            labels = to_array(sample['gt_labels']).astype(np.int64)
            self.results.append((Instances(np.full(len(labels), name), segments, labels), found))

    def compute_metrics(self, results: list[tuple[Instances, Detections]]) -> dict[str, float]:
        """Compute the metrics of all videos, and log them as a table.

        Args:
            results (list[tuple[Instances, Detections]]): True and detected actions of each video.

        Returns:
            dict[str, float]: See :func:`.detection_metrics`.
        """
        # MMEngine has turned the named tuples into plain ones.
        true, found = ([np.concatenate(column) for column in zip(*part)] for part in zip(*results))
        truth, detections = Instances(*true), Detections(*found)
        label_set = self._label_set()
        metrics = detection_metrics(truth, detections, label_set, self.absent_classes)
        print_log(f'\n{format_detection_metrics(metrics)}', logger='current')
        print_log(describe_mean(truth.labels, label_set, self.absent_classes), logger='current')
        return metrics

    def metric_names(self) -> list[str]:
        """Return the names of all metrics, for :class:`CheckSetupHook`.

        Returns:
            list[str]: Keys of :meth:`compute_metrics`.
        """
        action = np.array(['video']), np.array([[0.0, 1.0]]), np.array([0])
        found = Detections(*action, scores=np.ones(1))
        return list(detection_metrics(Instances(*action), found, self._label_set(), 'ignore'))

    def _label_set(self) -> LabelSet:
        content = (self.dataset_meta or {}).get('label_set')
        return MA52 if content is None else find_label_set(self.dataset_meta, len(content['actions']), 'the dataset')


def format_detection_metrics(metrics: dict[str, float]) -> str:
    """Return the metrics of :func:`.detection_metrics` as a table of several lines.

    Args:
        metrics (dict[str, float]): Percentages by name.

    Returns:
        str: A line with titles, and one for each level.
    """
    columns = ['average_mAP', 'mAP_challenge', *(f'mAP@{iou:.1f}' for iou in IOUS)]
    titles = ['average', '.2 .5 .7', *(f'@{iou:.1f}' for iou in IOUS)]
    lines = ['mAP in percent' + ''.join(f'{title:>9}' for title in titles)]
    for level in dict.fromkeys(name.partition('/')[0] for name in metrics):
        lines.append(f'{level:<14}' + ''.join(f'{metrics[f"{level}/{column}"]:9.2f}' for column in columns))
    return '\n'.join(lines)


def describe_mean(
    true_labels: np.ndarray, label_set: LabelSet, absent_classes: Literal['ignore', 'error'] = 'ignore'
) -> str:
    """Describe over how many classes the metrics of :func:`.detection_metrics` are means.

    Args:
        true_labels (np.ndarray): Fine labels of all true actions, shape (N,).
        label_set (LabelSet): Label set of the labels.
        absent_classes (Literal['ignore', 'error']): What happened to classes that are never true: ``'ignore'`` leaves
            them out, ``'error'`` counts them. Defaults to ``'ignore'``.

    Returns:
        str: One line with the numbers of actions and groups, and the first actions that are never true.

    Examples:
        >>> three = LabelSet.from_dict({'actions': ['nodding', 'waving', 'shrugging']})
        >>> print(describe_mean(np.array([0, 0, 2]), three))
        The mAP is the mean over 2 of 3 actions. Never true: 1 waving.
    """
    levels = {'actions': (true_labels, len(label_set))}
    if label_set.has_groups:
        levels['groups'] = label_set.fine_to_coarse[true_labels], len(label_set.groups)
    counts = [
        f'{len(np.unique(labels)) if absent_classes == "ignore" else count} of {count} {level}'
        for level, (labels, count) in levels.items()
    ]
    absent = sorted(set(range(len(label_set))) - set(true_labels.tolist()))
    never = f' Never true: {first_few(f"{index} {label_set.names[index]}" for index in absent)}.' if absent else ''
    return f'The mAP is the mean over {" and ".join(counts)}.{never}'
