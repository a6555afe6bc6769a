import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmaction_microaction.evaluation.functional import average_precisions, emotion_scores
from mmaction_microaction.label_sets.ma52 import EMOTIONS


@METRICS.register_module()
class EmotionMetric(BaseMetric):
    """Emotions, and multi-label micro-actions: a row of the paper's Tables VI and VII.

    All numbers are percentages. Beside those of :func:`.emotion_scores` there are ``mAP``, the mean over the videos of
    the average precision of the actions' scores in a video, as the paper reports it, and ``mAP_class``, the mean over
    the actions of the average precision of the videos' scores for an action, as is usual elsewhere. A video without
    actions does not count in the first, an action that occurs in no video not in the second; the log says how many
    these are. Without any action, both are NaN.

    Examples:
        >>> evaluator = dict(type='EmotionMetric')
    """

    default_prefix = ''

    def process(self, data_batch, data_samples):
        """Collect scores and labels of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``pred_emotion`` of shape (5,), ``emotion``, ``pred_score`` and
                ``gt_label``, both of shape (K,). A video that is ``unreadable`` counts as not recognised: as one of no
                emotion, in which every action scores less than in any other.

        Raises:
            ValueError: If a score is not finite. The message names the video.
        """
        for sample in data_samples:
            scores = [sample[key].cpu().double().numpy() for key in ('pred_emotion', 'pred_score')]
            if sample.get('unreadable'):
                scores = [np.full_like(score, worst) for score, worst in zip(scores, (np.nan, -np.inf))]
            elif not all(np.isfinite(score).all() for score in scores):
                video = sample.get('video_id', f'sample {len(self.results)}')
                raise ValueError(f'{video}: scores are not finite; the training diverged.')
            self.results.append((*scores, int(sample['emotion']), sample['gt_label'].cpu().numpy()))

    def compute_metrics(self, results):
        """Score all videos, and log the table.

        Args:
            results (list[tuple]): Emotion scores, action scores, emotion and actions per video.

        Returns:
            dict[str, float]: See above.
        """
        emotion, action, emotions, actions = (np.array(column) for column in zip(*results))
        metrics = emotion_scores(emotion, emotions)
        for name, per_item in (
            ('mAP', average_precisions(action, actions)),
            ('mAP_class', average_precisions(action.T, actions.T)),
        ):
            known = per_item[~np.isnan(per_item)]
            metrics[name] = 100 * float(known.mean()) if known.size else float('nan')
        print_log(f'\n{self._table(metrics, len(emotions))}', logger='current')

        without = int((actions.sum(axis=1) == 0).sum())
        absent = int((actions.sum(axis=0) == 0).sum())
        if without or absent:
            print_log(
                f'mAP is over {len(actions) - without:,} of {len(actions):,} videos, the others show no action; '
                f'mAP_class over {actions.shape[1] - absent} of {actions.shape[1]} actions, the others do not occur.',
                logger='current',
            )
        return metrics

    def _table(self, metrics, num_videos):
        """Lay the metrics out in the columns of Tables VI and VII."""
        columns = ('Acc', 'F1_weighted', 'UF1', 'UAR', 'mAP', 'mAP_class')
        lines = []
        for title, names, keys in (
            (f'{num_videos:,} videos', columns, columns),
            ('accuracy of', EMOTIONS, [f'Acc_{emotion}' for emotion in EMOTIONS]),
        ):
            lines.append(title.ljust(16) + ''.join(f'{name:>12}' for name in names))
            lines.append(' ' * 16 + ''.join(f'{metrics[key]:12.2f}' for key in keys))
        return '\n'.join(lines)
