"""Long videos whose micro-actions are known: clips of a data set, one after the other."""

from pathlib import Path

import numpy as np

from mmaction_microaction.intervals import Interval
from mmaction_microaction.videos import Video, write_video


def join_clips(folder, annotations, num_clips, path, seed=0):
    """Write a long video of random clips.

    Args:
        folder (str | Path): Holds the clips.
        annotations (Sequence[Annotation]): Names and labels to choose from.
        num_clips (int): How many to join, none twice.
        path (str | Path): The video, ``*.mp4``.
        seed (int): Another seed, other clips.

    Returns:
        list[Interval]: What is seen when.

    Raises:
        ValueError: If there are not so many clips, or they differ in size or frame rate.
    """
    if not 1 <= num_clips <= len(annotations):
        raise ValueError(f'{num_clips} clips: the list has 1 to {len(annotations)} to choose from')
    chosen = np.random.default_rng(seed).choice(len(annotations), num_clips, replace=False)
    clips = [annotations[i] for i in chosen]
    videos = [Video(Path(folder) / clip.filename) for clip in clips]
    fps, (height, width) = videos[0].fps, next(videos[0].frames()).image().shape[:2]
    for video in videos:
        if video.fps != fps or next(video.frames()).image().shape[:2] != (height, width):
            raise ValueError(f'{video.path} and {videos[0].path} differ in size or frame rate and cannot be joined')
    frames = (frame.image() for video in videos for frame in video.frames())
    write_video(str(path), frames, (width, height), round(fps), crf=20)
    edges = np.cumsum([0, *(video.num_frames for video in videos)]) / fps
    return [Interval(float(start), float(end), clip.label) for start, end, clip in zip(edges, edges[1:], clips)]
