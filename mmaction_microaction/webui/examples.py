"""Clips to try the page with, where no data set is at hand."""

from pathlib import Path

from mmaction_microaction.synthetic import frames, make_clip, video_size
from mmaction_microaction.synthetic.clip import FPS
from mmaction_microaction.taxonomy import ACTIONS
from mmaction_microaction.videos import write_video

CODES = ('A4', 'B1', 'B2', 'C5', 'D8', 'E5', 'F5', 'G1')
"""The actions shown: of every body part, and shaking the head beside nodding."""
LONG = 'all of them.mp4'
# The test split, which no network is trained on.
_SEED, _TEST = 0, 2


def render_examples(folder, size=160, codes=CODES):
    """Render a clip of each of some actions, and a long video in which one person performs all of them.

    Args:
        folder (str | Path): Where.
        size (int): Width in pixels.
        codes (Sequence[str]): The actions.

    Returns:
        list[Path]: The files, named after the actions, the long one last.
    """
    folder, size = Path(folder), video_size(str(size))
    labels = {action.code: action.index for action in ACTIONS}
    paths = []
    for index, code in enumerate(codes):
        label = labels[code]
        paths.append(folder / f'{ACTIONS[label].name}.mp4')
        write_video(str(paths[-1]), frames(make_clip(label, index, size, _SEED, _TEST, index)), size, FPS, crf=23)
    # Number and index settle person, room and length, which stay the same from action to action.
    clips = (make_clip(labels[code], len(codes), size, _SEED, _TEST, len(codes)) for code in codes)
    write_video(str(folder / LONG), (picture for clip in clips for picture in frames(clip)), size, FPS, crf=23)
    return [*paths, folder / LONG]
