"""Interviews with known micro-actions: people side by side, each in a room of their own, who rest between actions."""

from pathlib import Path

import numpy as np

from mmaction_microaction.structures.coding import CodedEvent, Coding, write_coding
from mmaction_microaction.video.writer import write_video

from .long_video import make_long_video
from .scene import render_frames

FPS = 15
"""Frames per second: half as many as in other videos, since the time that ``microaction code`` needs depends on it."""
MAX_PEOPLE = 4
"""Largest number of people side by side, that of ``microaction code``."""


def write_interview(
    path: str | Path, people: int, seconds: float, size: tuple[int, int], seed: int = 0, num_actions: int | None = None
) -> Coding:
    """Render an interview, and write what people do beside it.

    Actions have the frequencies of MMA-52. People move independently of each other, and do not look at each other.

    Args:
        path (str | Path): Path of the video, ``*.mp4``. The coding has the suffix ``.json``.
        people (int): Number of people, 1 to 4. Their names are those that ``microaction code`` gives: ``left`` and
            ``right`` for two, numbers from the left for more, and none for one.
        seconds (float): Duration of the interview.
        size (tuple[int, int]): Width and height of each person's picture in pixels.
        seed (int): Seed of people, rooms and actions. Interviews of different seeds show different people. Defaults to
            0.
        num_actions (int, optional): Number of actions of each person. Defaults to None: eight per minute.

    Returns:
        Coding: What people do and when.

    Raises:
        ValueError: If the number of people is not 1 to 4, or if the actions do not fit into ``seconds``.
    """
    if not 1 <= people <= MAX_PEOPLE:
        raise ValueError(f'{people} people: must be 1 to {MAX_PEOPLE}')
    path = Path(path)
    num_actions = max(1, round(seconds * 8 / 60)) if num_actions is None else num_actions
    videos = [
        make_long_video(num_actions, size, seed, seconds=seconds, counts='long-tailed', index=index, fps=FPS)
        for index in range(people)
    ]
    frames = (np.hstack(pictures) for pictures in zip(*map(render_frames, videos), strict=True))
    write_video(path, frames, (people * size[0], size[1]), fps=FPS)
    names = {1: [''], 2: ['left', 'right']}.get(people, [str(place + 1) for place in range(people)])
    events = [
        CodedEvent(action.start, action.end, action.action.name, name, action.action.code, action.action.group)
        for name, video in zip(names, videos)
        for action in video.actions
    ]
    coding = Coding(
        path.stem,
        events,
        duration=videos[0].num_frames / FPS,
        media=(str(path),),
        fps=FPS,
        people=tuple(names),
        coder='truth',
        label_set=videos[0].actions[0].label_set,
    )
    write_coding(coding, path.with_suffix('.json'))
    return coding
