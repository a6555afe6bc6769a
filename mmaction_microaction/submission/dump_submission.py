import logging
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmaction_microaction.label_sets import MA52, find_label_set
from mmaction_microaction.structures.predictions import (
    check_probabilities,
    describe_unreadable,
    get_coarse_scores,
    match_names,
    read_clip_names,
)
from mmaction_microaction.utils.messages import format_count

from .formats import check_submission_options
from .writing import write_submission


@METRICS.register_module()
class DumpSubmission(BaseMetric):
    """Metric that writes the predictions of a test run as a challenge submission. It needs no labels.

    Args:
        out_dir (str): Folder that receives ``prediction.csv`` and ``submission.zip``.
        ann_file (str, optional): Annotation list whose clips all have to be predicted. Rows follow its order. Defaults
            to None: rows are the clips of the dataset, in the order of the test run.
        format (Literal['codabench', '2024']): Format of the submission, see :func:`.predicted_labels`. Defaults to
            ``'codabench'``.
        coarse_from (Literal['top1', 'sum', 'head']): Source of the body parts, see :func:`.predicted_labels`.
            Defaults to ``'top1'``.
        ids (Literal['name', 'stem']): Identifiers of the clips, see :func:`.clip_ids`. Defaults to ``'name'``.
        **kwargs: Keyword arguments of MMEngine's ``BaseMetric``.

    Raises:
        FileNotFoundError: If the list does not exist.
        ValueError: If the list is malformed, or an option has an unknown value.

    Examples:
        >>> test_evaluator = dict(type='DumpSubmission', out_dir='submission', format='2024')  # in a config
        >>> METRICS.build(test_evaluator).options['coarse_from']
        'top1'
    """

    default_prefix = 'submission'

    def __init__(
        self,
        out_dir: str,
        ann_file: str | None = None,
        format: Literal['codabench', '2024'] = 'codabench',
        coarse_from: Literal['top1', 'sum', 'head'] = 'top1',
        ids: Literal['name', 'stem'] = 'name',
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        format = str(format)  # --cfg-options parses test_evaluator.format=2024 as a number.
        check_submission_options(format, coarse_from, ids)  # before the test run
        self.out_dir = out_dir
        self.ann_file = ann_file
        self.names = None if ann_file is None else dict.fromkeys(read_clip_names(ann_file))
        self.options = dict(format=format, coarse_from=coarse_from, ids=ids)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Collect the scores and names of a batch.

        Args:
            data_batch (dict): Not used.
            data_samples (Sequence[dict]): Samples with ``pred_score`` of shape (C,) and ``video_id``. ``unreadable``
                marks a clip that could not be read.

        Raises:
            ValueError: If a clip has no name or is not in the list, its scores are not
                probabilities of the actions of MA-52, or the dataset has another label set.
        """
        label_set = find_label_set(self.dataset_meta, len(MA52), 'the dataset')
        if label_set != MA52:
            raise ValueError(f'the challenge is about the actions of MA-52, not about those of {label_set.title}')
        for sample in data_samples:
            name = sample.get('video_id')
            if name is None:
                raise ValueError("a clip has no name ('video_id'): test with ClipDataset and PackActionInputs")
            if self.names is not None and name not in self.names:
                raise ValueError(
                    f'{name} is not in {self.ann_file}: set test_evaluator.ann_file to the value of '
                    'test_dataloader.dataset.ann_file'
                )
            scores = sample['pred_score'].cpu().double().numpy()
            check_probabilities(scores, name, len(MA52))
            groups = None
            if self.options['coarse_from'] == 'head':
                # The scores of an unreadable clip are those of black frames, at both levels.
                groups = get_coarse_scores({**sample, 'unreadable': False})
            self.results.append((name, scores, bool(sample.get('unreadable')), groups))

    def compute_metrics(self, results: list[tuple[str, np.ndarray, bool, np.ndarray | None]]) -> dict[str, int]:
        """Write the files, and log their paths and the clips that could not be read.

        Args:
            results (list[tuple[str, np.ndarray, bool, np.ndarray | None]]): Name, scores, whether the clip was
                unreadable, and scores of the body parts if they are used, per clip.

        Returns:
            dict[str, int]: Number of written clips as ``rows``.

        Raises:
            ValueError: If a clip of the list was not predicted, or a clip was predicted more than once.
        """
        predicted, scores, unreadable, groups = (list(column) for column in zip(*results))
        names = predicted if self.names is None else list(self.names)
        order = match_names(names, predicted, 'the test run', self.ann_file or 'its dataset')
        coarse_scores = None if groups[0] is None else np.stack(groups)[order]
        table, archive = write_submission(
            self.out_dir, names, np.stack(scores)[order], **self.options, coarse_scores=coarse_scores
        )
        print_log(
            f'{archive} is ready to be uploaded: {format_count(len(names), "clip")}, the same as in {table}',
            logger='current',
        )
        if any(unreadable):
            note = describe_unreadable([name for name, _, flag, _ in results if flag])
            print_log(f'{archive}: {note}', logger='current', level=logging.WARNING)
        return {'rows': len(names)}
