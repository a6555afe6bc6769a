"""Rendered example clips, for pages without clips of a dataset."""

from collections.abc import Iterable, Sequence
from itertools import cycle, islice
from pathlib import Path

from mmaction_microaction.label_sets import MA52, LabelSet, normalize_name
from mmaction_microaction.synthetic import (
    SyntheticSettings,
    make_clip,
    make_long_video,
    make_plan,
    render_frames,
    video_size,
)
from mmaction_microaction.synthetic.clip import FPS
from mmaction_microaction.video.writer import write_video

CODES = ('A4', 'B1', 'B2', 'C5', 'D8', 'E5', 'F5', 'G1')
"""Codes of the actions that are shown: one or more of each body part."""
LONG = 'all of them.mp4'
"""Name of the long video."""
_SEED, _TEST = 0, 2


def unseen_subjects() -> list[int]:
    """Return the subjects of the synthetic test split, whom networks trained on the synthetic dataset have not seen.

    Returns:
        list[int]: Identifiers of the subjects.
    """
    plan = make_plan(SyntheticSettings(seed=_SEED))
    return list(dict.fromkeys(entry.subject_id for entry in plan if entry.split == _TEST))


def find_codes(label_sets: Iterable[LabelSet]) -> list[str]:
    """Return the codes of actions of MA-52 that other label sets have, too, so that rendered examples fit them.

    Args:
        label_sets (Iterable[LabelSet]): Label sets of the networks on the page.

    Returns:
        list[str]: At most as many codes as there are in :data:`CODES`, and preferably those. Empty if there is no
        action whose name is in all label sets.
    """
    names = [set(map(normalize_name, label_set.names)) for label_set in label_sets]
    fitting = [action.code for action in MA52.actions if all(normalize_name(action.name) in each for each in names)]
    return sorted(fitting, key=lambda code: code not in CODES)[: len(CODES)]


def render_examples(folder: str | Path, size: int = 160, codes: Sequence[str] = CODES) -> list[Path]:
    """Render a clip of each action, and a long video in which one person performs all of them, in turn.

    Args:
        folder (str | Path): Folder of the new files.
        size (int): Width of the frames in pixels. Defaults to 160.
        codes (Sequence[str]): Codes of the actions of MA-52, at least one. Defaults to :data:`CODES`.

    Returns:
        list[Path]: Paths of the clips, which are named after their actions, then the path of the long video.
    """
    folder, size = Path(folder), video_size(size)
    labels = {action.code: action.index for action in MA52.actions}
    people = unseen_subjects()[: len(codes)]
    paths = []
    for index, (code, subject) in enumerate(zip(codes, people)):
        label = labels[code]
        paths.append(folder / f'{MA52.names[label]}.mp4')
        clip = make_clip(label, subject, size, seed=_SEED, split=_TEST, index=index)
        write_video(paths[-1], render_frames(clip), size, fps=FPS)
    # Fewer actions are repeated, so that the video is long enough for a timeline.
    performed = islice(cycle(codes), max(len(codes), len(CODES)))
    long = make_long_video([labels[code] for code in performed], size, seed=_SEED)
    write_video(folder / LONG, render_frames(long), size, fps=FPS)
    return [*paths, folder / LONG]
