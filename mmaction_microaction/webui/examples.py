"""Clips to try the page with, where no data set is at hand."""

from pathlib import Path

from mmaction_microaction.label_sets.ma52 import ACTIONS
from mmaction_microaction.synthetic import Settings, make_clip, make_plan, render_frames, video_size
from mmaction_microaction.synthetic.clip import FPS
from mmaction_microaction.video.writer import write_video

CODES = ('A4', 'B1', 'B2', 'C5', 'D8', 'E5', 'F5', 'G1')
"""The actions shown: of every body part, and shaking the head beside nodding."""
LONG = 'all of them.mp4'
_SEED, _TEST = 0, 2


def strangers():
    """List the people of the test split, on whom no network is trained that was trained on a set of the same seed.

    Returns:
        list[int]: Their numbers.
    """
    return list(dict.fromkeys(entry.subject_id for entry in make_plan(Settings(seed=_SEED)) if entry.split == _TEST))


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
    *people, person = strangers()[: len(codes) + 1]
    paths = []
    for index, (code, subject) in enumerate(zip(codes, people)):
        label = labels[code]
        paths.append(folder / f'{ACTIONS[label].name}.mp4')
        clip = make_clip(label, subject, size, seed=_SEED, split=_TEST, index=index)
        write_video(str(paths[-1]), render_frames(clip), size, FPS, crf=23)
    # Person and index settle looks, room and length, which stay the same from action to action.
    clips = (make_clip(labels[code], person, size, seed=_SEED, split=_TEST, index=len(codes)) for code in codes)
    frames = (frame for clip in clips for frame in render_frames(clip))
    write_video(str(folder / LONG), frames, size, FPS, crf=23)
    return [*paths, folder / LONG]
