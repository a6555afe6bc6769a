"""Draws results and coded recordings below the frames of their videos."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmaction_microaction.structures.coding import CodedEvent, Coding
from mmaction_microaction.structures.poses import Poses
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.sound import Sound
from mmaction_microaction.video.writer import write_playable_video
from mmaction_microaction.visualization.skeleton import draw_poses
from mmaction_microaction.visualization.style import group_color

from .bands import ClipBand, legible_on
from .face_blur import FaceBlur
from .playable import MIN_WIDTH, read_playable
from .results import ClipResult, DetectionResult, TimelineResult
from .timeline_band import TimelineBand

Result = ClipResult | TimelineResult | DetectionResult


def write_labeled_video(
    result: ClipResult
    | TimelineResult
    | DetectionResult
    | Coding
    | Sequence[ClipResult | TimelineResult | DetectionResult],
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
    poses: Poses | None = None,
    *,
    video: str | Path | Video | None = None,
    blur: FaceBlur | None = None,
    sound: bool = True,
    max_height: int | None = None,
) -> None:
    """Write a video with a band below it that shows the actions of a result or of a coded recording.

    If the network saw a part of the frames, a box shows this part. With several people, their names are written in the
    boxes and beside their rows. The sound is that of the video.

    Args:
        result (ClipResult | TimelineResult | DetectionResult | Coding | Sequence[ClipResult | TimelineResult |
            DetectionResult]): The result, the results of the people in one video, or the coded recording.
        path (str | Path): Path of the new video, ``*.mp4``.
        progress (Callable[[int, int], None], optional): Function that is called with the number of written frames and
            their total. Defaults to None.
        poses (Poses, optional): Poses of the video, which are drawn over its frames. Defaults to None.
        video (str | Path | Video, optional): Path of the video, or the open video. Defaults to None: the one that the
            result names.
        blur (FaceBlur, optional): Function that hides faces, see :func:`.blur_faces`. Defaults to None.
        sound (bool): Whether the new video has the sound of the video. Defaults to True.
        max_height (int, optional): Maximum height of the picture in pixels, without the band. Defaults to None.

    Raises:
        FileNotFoundError: If the video is missing.
        ValueError: If the video cannot be read, or the coded recording names no video or several.
    """
    coding = result if isinstance(result, Coding) else None
    results = [] if coding else list(result) if isinstance(result, Sequence) else [result]
    if video is None:
        video = _find_video(coding) if coding else results[0].video
    video = video if isinstance(video, Video) else Video(video)
    playable = read_playable(video, max_height)
    width, height = playable.size
    band_width = max(width, MIN_WIDTH)
    left = (band_width - width) // 2
    # Narrow and tall pictures have black borders at their sides.
    bands = _make_bands(coding, results, video, band_width, max(height, band_width * 9 // 16))
    canvas = np.zeros((height + sum(band.height for band in bands), band_width, 3), np.uint8)
    picture = canvas[:height, left : left + width]

    def images():
        shown = None
        for frame, image in playable.frames:
            if frame is not shown:
                shown = frame
                image = image if blur is None else blur(image, frame.index)
                image = image if poses is None else draw_poses(image, poses, frame.index)
                picture[:] = draw_boxes(image, results, frame.index, playable.scale)
                top = height
                for band in bands:
                    canvas[top : top + band.height] = band.at(frame.time)
                    top += band.height
            yield canvas
            if progress:
                progress(frame.index + 1, video.num_frames)

    with ExitStack() as stack:
        track = stack.enter_context(Sound(video, playable.left_out)) if sound else None
        write_playable_video(path, images(), canvas.shape[1::-1], fps=playable.rate, sound=track)


def _find_video(coding: Coding) -> str:
    """Return the path of the video of a coded recording."""
    if len(coding.media) != 1:
        named = f'{len(coding.media)} videos' if coding.media else 'no video'
        raise ValueError(f'the coding of {coding.recording} names {named}; pass the one to draw on')
    return coding.media[0]


def _make_bands(
    coding: Coding | None, results: Sequence[Result], video: Video, width: int, picture_height: int
) -> list[ClipBand | TimelineBand]:
    """Create one band for each clip, or one for all intervals."""
    if coding:
        people = coding.people
        return [TimelineBand(coding.events, people, video.duration, width, coding.label_set, picture_height)]
    if all(result.kind == 'clip' for result in results):
        return [ClipBand(result, width, picture_height // len(results)) for result in results]
    events = [CodedEvent.from_interval(interval, result.person) for result in results for interval in result.intervals]
    people, first = [result.person for result in results], results[0]
    return [TimelineBand(events, people, first.duration, width, first.label_set.without_rest(), picture_height)]


def draw_boxes(
    image: np.ndarray,
    results: Sequence[ClipResult | TimelineResult | DetectionResult],
    index: int = 0,
    scale: float = 1.0,
) -> np.ndarray:
    """Draw the parts of a frame that a network saw, with the names of the people if there are several.

    Args:
        image (np.ndarray): RGB frame, shape (height, width, 3), uint8.
        results (Sequence[ClipResult | TimelineResult | DetectionResult]): Results of the people in the video.
        index (int): Index of the frame. Defaults to 0.
        scale (float): Size of the image relative to the frame of the video. Defaults to 1.

    Returns:
        np.ndarray: The frame with a box for each result that is not based on whole frames.
    """
    if all(result.boxes is None for result in results):
        return image
    drawn = Image.fromarray(image)
    draw, (width, height) = ImageDraw.Draw(drawn), drawn.size
    line, font = max(round(width / 250), 2), ImageFont.load_default(max(width / 30, 12))
    for number, result in enumerate(results):
        if result.boxes is None:
            continue
        x, y, box_width, box_height = (result.boxes[index] * scale).tolist()
        # Edges outside the frame are drawn at its border.
        corners = [(x, y), (x + box_width, y + box_height)]
        corners = [(min(max(x, 0), width - 1), min(max(y, 0), height - 1)) for x, y in corners]
        color = group_color(number)
        draw.rectangle(corners, outline=color, width=line)
        if result.person:
            position = tuple(side + 2 * line for side in corners[0])
            draw.rectangle(draw.textbbox(position, result.person, font), color)
            draw.text(position, result.person, legible_on(color), font)
    return np.asarray(drawn)


def write_pose_video(
    poses: Poses,
    video: str | Path | Video,
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a video with the skeletons of its people, and with its sound.

    Args:
        poses (Poses): Poses of the video.
        video (str | Path | Video): Path of the video, or the open video.
        path (str | Path): Path of the new video, ``*.mp4``.
        progress (Callable[[int, int], None], optional): Function that is called with the number of written frames and
            their total. Defaults to None.

    Raises:
        FileNotFoundError: If the video is missing.
        ValueError: If the video cannot be read.
    """
    video = video if isinstance(video, Video) else Video(video)
    playable = read_playable(video)

    def images():
        for frame, image in playable.frames:
            yield draw_poses(image, poses, frame.index)
            if progress:
                progress(frame.index + 1, video.num_frames)

    with Sound(video, playable.left_out) as sound:
        write_playable_video(path, images(), playable.size, fps=playable.rate, sound=sound)
