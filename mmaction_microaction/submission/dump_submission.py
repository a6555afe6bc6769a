import logging

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmaction_microaction.label_sets.ma52 import NUM_ACTIONS
from mmaction_microaction.structures.predictions import (
    check_probabilities,
    name_black_rows,
    positions_of,
    read_clip_names,
)

from .formats import clip_ids, predicted_labels
from .writing import write_submission


@METRICS.register_module()
class DumpSubmission(BaseMetric):
    """Writes the predictions of a test run as the challenges want them, instead of scoring them: needs no labels.

    Args:
        out_dir (str): Folder of ``prediction.csv`` and ``submission.zip``.
        ann_file (str, optional): Annotation list that must be covered, whose order the rows have. None: the clips of
            the dataset as they come. Defaults to None.
        format, coarse_from: See :func:`.predicted_labels`.
        ids: See :func:`.clip_ids`.
        **kwargs: Of MMEngine's ``BaseMetric``.

    Raises:
        FileNotFoundError: If the list is missing.
        ValueError: If the list is malformed, or an option is unknown.

    Examples:
        >>> evaluator = dict(type='DumpSubmission', out_dir='submission', ann_file='data/ma52/test_list_videos.txt')
        >>> evaluator = dict(type='DumpSubmission', out_dir='submission', format='2024', coarse_from='sum')
    """

    default_prefix = 'submission'

    def __init__(self, out_dir, ann_file=None, format='codabench', coarse_from='top1', ids='name', **kwargs):
        super().__init__(**kwargs)
        format = str(format)  # --cfg-options reads test_evaluator.format=2024 as a number
        # Called on one sample so that a misspelt option fails now and not after the run.
        predicted_labels(np.eye(1, NUM_ACTIONS), format, coarse_from)
        clip_ids([], ids)
        self.out_dir = out_dir
        self.ann_file = ann_file
        self.names = None if ann_file is None else dict.fromkeys(read_clip_names(ann_file))
        self.options = dict(format=format, coarse_from=coarse_from, ids=ids)

    def process(self, data_batch, data_samples):
        """Collect scores and names of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): With ``pred_score`` of shape (52,) and ``video_id``; ``unreadable`` marks
                those whose scores are of black frames.

        Raises:
            ValueError: If a clip has no name or is not in the list, or scores are not 52 probabilities.
        """
        for sample in data_samples:
            name = sample.get('video_id')
            if name is None:
                raise ValueError("A clip has no name ('video_id'): test with MA52Dataset and PackActionInputs.")
            if self.names is not None and name not in self.names:
                raise ValueError(
                    f'{name} is not in {self.ann_file}: set test_evaluator.ann_file to the list that is tested, '
                    'test_dataloader.dataset.ann_file.'
                )
            scores = sample['pred_score'].cpu().double().numpy()
            check_probabilities(scores, name)
            self.results.append((name, scores, bool(sample.get('unreadable'))))

    def compute_metrics(self, results):
        """Write the files, and log where they are and which clips could not be read.

        Args:
            results (list[tuple[str, np.ndarray, bool]]): Name, scores, and whether it was unreadable, per clip.

        Returns:
            dict[str, int]: ``rows``, how many clips were written.

        Raises:
            ValueError: If a clip of the list was not predicted, or one more than once.
        """
        found, scores, unreadable = (list(column) for column in zip(*results))
        names = found if self.names is None else list(self.names)
        order = positions_of(names, found, 'The test run', self.ann_file or 'its dataset')
        table, archive = write_submission(self.out_dir, names, np.stack(scores)[order], **self.options)
        print_log(f'{archive}: {len(names):,} clips to be uploaded, the same as in {table}', logger='current')
        if any(unreadable):
            note = name_black_rows([name for name, black in zip(found, unreadable) if black])
            print_log(f'{archive}: {note}', logger='current', level=logging.WARNING)
        return {'rows': len(names)}
