"""Writes the clips of coded events, cropped to the person, and the table that says where each is from."""

import csv
import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from mmaction_microaction.inference.people import FramedVideo, PersonFinder, SeveralPeopleWarning
from mmaction_microaction.label_sets import LabelSet
from mmaction_microaction.poses.person_box import crop_box
from mmaction_microaction.utils.files import as_text_cell, make_folder, write_whole
from mmaction_microaction.video.excerpts import read_excerpt
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.writer import write_video

from .pieces import Piece
from .recordings import OpenRecording

SHORTER_SIDE = 512
"""Largest length of the shorter side of a clip in pixels. Networks see about 224."""
CRF = 18
"""Constant rate factor of the clips, which are hardly distinguishable from the video."""


def name_clips(pieces: Sequence[Piece], label_set: LabelSet) -> list[str]:
    """Return the path of each clip below the folder of clips, without letters that file systems or lists lack.

    Args:
        pieces (Sequence[Piece]): The clips.
        label_set (LabelSet): Names of the categories.

    Returns:
        list[str]: Paths such as ``'nodding/0007_talk_P1_12.300.mp4'``. The number makes them unique.
    """
    return [
        f'{_simplify(label_set.names[piece.label]) or f"category-{piece.label + 1}"}/{index:05d}_'
        + '_'.join(filter(None, [_simplify(piece.recording), _simplify(piece.person), f'{piece.start:.3f}.mp4']))
        for index, piece in enumerate(pieces)
    ]


def _simplify(name: str) -> str:
    return re.sub(r'[^\w.-]+', '-', name).strip('-.')[:60]


class ClipCutter:
    """Writes clips of recordings.

    Args:
        finder (PersonFinder): Finds the people in a video. It should choose all of them.
        subjects (Mapping[str, str]): Names in the study by the names of the finder, such as ``{'left': 'P1'}``.
    """

    def __init__(self, finder: PersonFinder, subjects: Mapping[str, str]) -> None:
        self.finder, self.subjects = finder, dict(subjects)
        self._framed: dict[str, list[FramedVideo]] = {}

    def __call__(
        self,
        recordings: Mapping[str, OpenRecording],
        pieces: Sequence[Piece],
        names: Sequence[str],
        folder: str | Path,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[tuple[Video, int, int]]:
        """Write the clips that do not exist yet.

        Args:
            recordings (Mapping[str, OpenRecording]): Recordings by name.
            pieces (Sequence[Piece]): Times of the clips.
            names (Sequence[str]): Path of each clip below the folder.
            folder (str | Path): Folder of the clips.
            progress (Callable[[int, int], None], optional): Function that is called with the number of finished clips
                and their total. Defaults to None.

        Returns:
            list[tuple[Video, int, int]]: Video, first and last frame of each clip.

        Raises:
            OSError: If a clip cannot be written.
            ValueError: If a video shows several people, and it is not known which of them was coded; or if frames
                cannot be decoded.
        """
        places = []
        for done, (piece, name) in enumerate(zip(pieces, names), start=1):
            recording = recordings[piece.recording]
            video, window = recording.locate(piece.start, piece.end)
            path = Path(folder, name)
            if not path.exists():
                make_folder(path.parent)
                self._write(self._choose(recording, video, piece.person), window.first_frame, window.last_frame, path)
            places.append((video, window.first_frame, window.last_frame))
            if progress:
                progress(done, len(pieces))
        return places

    def _choose(self, recording: OpenRecording, video: Video, person: str) -> FramedVideo:
        """Return the video cropped to a person."""
        if video.path not in self._framed:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore', SeveralPeopleWarning)
                self._framed[video.path] = self.finder(video)
        framed = self._framed[video.path]
        if len(framed) == 1:
            if len(recording.people) > 1:
                raise ValueError(
                    f'{recording.name} has events of {", ".join(map(repr, recording.people))}, but its frames are not '
                    'cropped to one of them, so a network could not know who acts; use --crop person, with --subjects, '
                    'or choose one person with --people'
                )
            return framed[0]
        found = {self.subjects.get(each.person, each.person): each for each in framed}
        if person not in found:
            raise ValueError(
                f'{video.path} shows several people ({", ".join(each.person for each in framed)}), and none of them is '
                f'{person or "known as the one whose actions are coded"!r}; name them with --subjects, such as '
                f'{framed[0].person}={person or "P1"}, or use --crop none'
            )
        return found[person]

    @staticmethod
    def _write(video: FramedVideo, first: int, last: int, path: Path) -> None:
        def convert(index: int, image: np.ndarray) -> np.ndarray:
            return _fit(image if video.boxes is None else crop_box(image, video.boxes[index]))

        images = read_excerpt(video.whole, first, last, convert)
        fps = Fraction(video.fps).limit_denominator(1001)
        write_video(path, images, (images[0].shape[1], images[0].shape[0]), fps=fps, crf=CRF)


def _fit(image: np.ndarray) -> np.ndarray:
    """Shrink an image to even sides, of which the shorter one is at most :data:`SHORTER_SIDE`."""
    height, width = image.shape[:2]
    scale = min(SHORTER_SIDE / min(height, width), 1)
    if scale == 1:
        return np.ascontiguousarray(image[: height // 2 * 2, : width // 2 * 2])
    size = tuple(max(round(side * scale / 2) * 2, 2) for side in (width, height))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def write_manifest(
    path: str | Path,
    pieces: Sequence[Piece],
    names: Sequence[str],
    places: Sequence[tuple[Video, int, int]],
    subjects: Sequence[str],
    parts: Sequence[str],
    label_set: LabelSet,
) -> None:
    """Write a table that says where each clip is from.

    Args:
        path (str | Path): Path of the table.
        pieces (Sequence[Piece]): The clips.
        names (Sequence[str]): Path of each clip.
        places (Sequence[tuple[Video, int, int]]): Video, first and last frame of each clip.
        subjects (Sequence[str]): Person, or recording, by which the clips are divided.
        parts (Sequence[str]): Part of each clip, such as ``'train'`` or ``'fold 2'``.
        label_set (LabelSet): Names of the categories.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(
        ('clip', 'category', 'part', 'subject', 'recording', 'person', 'video', 'first_frame', 'last_frame', 'start',
         'end', 'coded_action', 'coded_start', 'coded_end')
    )  # fmt: skip
    for piece, name, (video, first, last), subject, part in zip(pieces, names, places, subjects, parts):
        event = piece.event
        coded = ('', '', '') if event is None else (event.action, f'{event.start:.3f}', f'{event.end:.3f}')
        row = (name, label_set.names[piece.label], part, subject, piece.recording, piece.person, video.path, first,
               last, f'{piece.start:.3f}', f'{piece.end:.3f}', *coded)  # fmt: skip
        writer.writerow([as_text_cell(cell) if isinstance(cell, str) else cell for cell in row])
    write_whole(path, text.getvalue().encode('utf-8-sig'))
