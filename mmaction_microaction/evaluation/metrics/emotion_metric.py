from collections.abc import Sequence

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmaction_microaction.evaluation.functional import average_precisions, emotion_metrics
from mmaction_microaction.label_sets.ma52_pro import EMOTIONS
from mmaction_microaction.utils.messages import format_count


@METRICS.register_module()
class EmotionMetric(BaseMetric):
    """Metrics of emotions and of multi-label micro-actions: a row of the paper's Tables VI and VII.

    All values are percentages: the metrics of :func:`.emotion_metrics`, and two means of average precisions.

    - ``mAP`` averages over the videos, as the paper does. A video without actions is left out.
    - ``mAP_class`` averages over the actions, as is usual elsewhere. An action that occurs in no video is left out.

    Both are NaN if no video contains an action. The log reports how many videos and actions are left out.

    Examples:
        >>> test_evaluator = dict(type='EmotionMetric')  # in a config
    """

    default_prefix = ''

    def process(self, data_batch: dict | None, data_samples: Sequence[dict]) -> None:
        """Collect the scores and labels of a batch.

        Args:
            data_batch (dict | None): Not used.
            data_samples (Sequence[dict]): Samples with ``pred_emotion`` of shape (5,), ``emotion``, and ``pred_score``
                and ``gt_label`` of shape (K,). A sample with ``unreadable`` counts as not recognised: it has no
                emotion, and the scores of its actions are lower than those of any other video.

        Raises:
            ValueError: If a score is not finite. The message names the video.
        """
        for sample in data_samples:
            emotions, actions = (sample[key].cpu().double().numpy() for key in ('pred_emotion', 'pred_score'))
            if sample.get('unreadable'):
                emotions = np.full_like(emotions, np.nan)
                actions = np.full_like(actions, -np.inf)
            elif not (np.isfinite(emotions).all() and np.isfinite(actions).all()):
                video = sample.get('video_id', f'sample {len(self.results)}')
                raise ValueError(f'{video}: scores are not finite; the training diverged.')
            self.results.append((int(sample['emotion']), emotions, sample['gt_label'].cpu().numpy(), actions))

    def compute_metrics(self, results: list[tuple[int, np.ndarray, np.ndarray, np.ndarray]]) -> dict[str, float]:
        """Compute the metrics of all videos, and log them as a table.

        Args:
            results (list[tuple[int, np.ndarray, np.ndarray, np.ndarray]]): True emotion, emotion scores, true actions
                and action scores of each video.

        Returns:
            dict[str, float]: Metrics by name, in percent.
        """
        emotion_labels, emotions, action_labels, actions = (np.array(column) for column in zip(*results))
        metrics = emotion_metrics(emotion_labels, emotions)
        for name, precisions in (
            ('mAP', average_precisions(action_labels, actions)),
            ('mAP_class', average_precisions(action_labels.T, actions.T)),
        ):
            known = precisions[~np.isnan(precisions)]
            metrics[name] = 100 * float(known.mean()) if known.size else float('nan')
        print_log(f'\n{self._table(metrics, len(results))}', logger='current')

        num_videos, num_actions = action_labels.shape
        with_actions = np.count_nonzero(action_labels.any(axis=1))
        occurring = np.count_nonzero(action_labels.any(axis=0))
        if with_actions < num_videos or occurring < num_actions:
            print_log(
                f'mAP is over {with_actions:,} of {num_videos:,} videos, since the others contain no action; '
                f'mAP_class is over {occurring} of {num_actions} actions, since the others do not occur.',
                logger='current',
            )
        return metrics

    def metric_names(self) -> list[str]:
        """Return the names of all metrics, for :class:`CheckSetupHook`.

        Returns:
            list[str]: Keys of :meth:`compute_metrics`.
        """
        return [*emotion_metrics([0], np.eye(len(EMOTIONS))[:1]), 'mAP', 'mAP_class']

    def _table(self, metrics: dict[str, float], num_videos: int) -> str:
        """Format the metrics in the columns of Tables VI and VII."""
        columns = ('Acc', 'F1_weighted', 'UF1', 'UAR', 'mAP', 'mAP_class')
        lines = []
        for title, names, keys in (
            (format_count(num_videos, 'video'), columns, columns),
            ('accuracy of', EMOTIONS, [f'Acc_{emotion}' for emotion in EMOTIONS]),
        ):
            lines.append(title.ljust(16) + ''.join(f'{name:>12}' for name in names))
            lines.append(' ' * 16 + ''.join(f'{metrics[key]:12.2f}' for key in keys))
        return '\n'.join(lines)
