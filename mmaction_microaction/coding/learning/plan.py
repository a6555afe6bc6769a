"""Plans what is learned from coded recordings: categories, times of clips, and their division."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmaction_microaction.inference.crops import Crop
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.structures.coding import Coding

from .categories import Categories, choose_categories
from .division import Division, ValSplit, divide
from .pieces import Lengths, Piece, cut_event, find_rest, sample_rest
from .recordings import OpenRecording, open_recordings


class LearnSettings(NamedTuple):
    """Settings of :func:`.learn`, except those of the training."""

    categories: str | None = None
    """File of the categories, see :func:`.choose_categories`. None for all coded actions."""
    videos: str | None = None
    """Folder of the videos. None for the paths in the codings."""
    subjects: Mapping[str, str] = {}
    """Names in the study by the names of the person finder."""
    crop: Crop = 'auto'
    """How clips are cropped, see :class:`.PersonFinder`."""
    lengths: Lengths = Lengths()
    """Lengths of clips."""
    rest: str = 'between'
    """Where rest is: ``'between'`` the first and last event of a person, in the ``'whole'`` recording, or
    ``'none'``."""
    val_split: ValSplit = 'person'
    """What must not be in two parts."""
    val: float = 0.2
    """Share of the clips that is held out."""
    folds: int | str | None = None
    """Number of folds, or ``'people'``. None for one part that is held out."""
    seed: int = 0
    """Random seed of the choice of rest, and of the division."""


class Plan(NamedTuple):
    """What is learned from which clips, before anything is written."""

    categories: Categories
    """The categories."""
    recordings: list[OpenRecording]
    """The recordings with their open videos."""
    pieces: list[Piece]
    """Times of the clips."""
    division: Division
    """How the clips are divided."""
    crop: Crop
    """How the clips are cropped, see :class:`.PersonFinder`."""

    @property
    def label_set(self) -> LabelSet:
        """LabelSet: The categories as a label set."""
        return self.categories.label_set

    @property
    def labels(self) -> np.ndarray:
        """np.ndarray: Label of each clip, shape (N,)."""
        return np.array([piece.label for piece in self.pieces])


def plan_learning(codings: Sequence[Coding], paths: Sequence[str | Path], settings: LearnSettings) -> Plan:
    """Choose categories and clips, and divide the clips. Nothing is written, and no frame is decoded.

    Args:
        codings (Sequence[Coding]): The coded recordings.
        paths (Sequence[str | Path]): Files and folders that they were read from.
        settings (LearnSettings): Settings.

    Returns:
        Plan: The plan.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If categories, codings and videos do not fit, or there are too few people.
    """
    categories = choose_categories(codings, settings.categories, rest=settings.rest != 'none')
    recordings = open_recordings(codings, paths, settings.videos)
    pieces = []
    for recording in recordings:
        for event in recording.events:
            label = categories.label_of(event)
            if label is not None:
                times = cut_event(event.start, event.end, recording.duration, settings.lengths)
                pieces += [Piece(recording.name, event.person, label, *time, event) for time in times]
    pieces += _choose_rest(categories, recordings, pieces, settings)
    order = {recording.name: index for index, recording in enumerate(recordings)}
    pieces.sort(key=lambda piece: (order[piece.recording], piece.start, piece.end, piece.person, piece.label))
    return Plan(
        categories, recordings, pieces,
        divide(pieces, settings.val_split, settings.val, settings.folds, settings.seed), settings.crop,
    )  # fmt: skip


def _choose_rest(
    categories: Categories, recordings: Sequence[OpenRecording], pieces: Sequence[Piece], settings: LearnSettings
) -> list[Piece]:
    """Return as many clips of rest as a median class has."""
    label_set = categories.label_set
    if settings.rest == 'none':
        return []
    label = len(label_set) - 1
    if label in categories.labels.values():  # The coders coded rest themselves.
        return []
    candidates = []
    for recording in recordings:
        for person in recording.people:
            events = [event for event in recording.events if event.person == person]
            coded = (0.0, recording.duration)
            if settings.rest == 'between':
                coded = events[0].start, max(event.end for event in events)
            times = find_rest(events, coded, settings.lengths.usual)
            candidates.append([Piece(recording.name, person, label, *time) for time in times])
    if not any(candidates):
        raise ValueError(
            f'there are no {settings.lengths.usual:g} seconds without events, so there is no rest to learn; search the '
            'whole recordings with --rest whole, or learn no such class with --rest none'
        )
    counts = np.bincount([piece.label for piece in pieces], minlength=label)
    return sample_rest(candidates, int(np.median(counts)), settings.seed)
