"""Computes when the frames of a video are shown, from its packets instead of its header."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np

LONGEST_STILL = 120
"""Seconds between two frames above which the video has a gap: a pause, or a clock that was set."""
HIGHEST_RATE = 1000
"""Largest plausible number of frames per second."""
NO_TIME = np.iinfo(np.int64).min
"""Placeholder for the time of a packet without one."""
MAX_REORDERED = 16
"""Largest number of frames that a codec holds back until it has decoded later ones."""


class FrameTimes(NamedTuple):
    """Times at which the frames of a video are shown."""

    pts: np.ndarray | None
    """Presentation time stamp of each frame in units of the stream's time base, ascending, shape (N,), int64; None if
    the stream has no usable time stamps, so that frames have to be counted."""
    seconds: np.ndarray
    """Time of each frame in seconds since the first, ascending, shape (N,)."""
    fps: float
    """Average number of frames per second, without gaps."""
    reordered: bool
    """Whether the decoding order differs from the display order."""
    num_repeated: int
    """Number of frames that have the same time stamp as another frame."""
    num_lost: int
    """Number of frames that the header counts and a truncated file lacks."""
    start: float | None
    """Time of the first frame in seconds on the clock that all streams of the file share. None if the clock was set
    back."""

    def index_of(self, pts: int | None) -> int | None:
        """Find the frame that is shown at a time.

        Args:
            pts (int | None): Presentation time stamp in units of the stream's time base.

        Returns:
            int | None: Index of the first frame with this time stamp; None if no frame has it, or if frames have to be
            counted.
        """
        if self.pts is None or pts is None:
            return None
        index = int(np.searchsorted(self.pts, pts))
        return index if index < len(self.pts) and self.pts[index] == pts else None

    @property
    def gaps(self) -> np.ndarray:
        """np.ndarray: Start and end of each gap longer than :data:`LONGEST_STILL`, in seconds, shape (G, 2)."""
        return find_gaps(self.seconds)


def find_gaps(seconds: np.ndarray) -> np.ndarray:
    """Find the gaps in which no frame is shown for longer than :data:`LONGEST_STILL`.

    Args:
        seconds (np.ndarray): Times of the frames in seconds, ascending, shape (N,).

    Returns:
        np.ndarray: Times of the frames before and after each gap, shape (G, 2).
    """
    before = np.flatnonzero(np.diff(seconds) > LONGEST_STILL)
    return np.stack([seconds[before], seconds[before + 1]], axis=1)


def read_frame_times(packets: Iterable[av.packet.Packet], stream: av.video.stream.VideoStream) -> FrameTimes:
    """Compute when the frames of a stream are shown.

    Camcorders (AVCHD) may write the two fields of an interlaced frame as two packets, and the second has no time.
    A clock that was set back is continued from its last time.

    Args:
        packets (Iterable[av.packet.Packet]): All packets of the stream. They are not kept.
        stream (av.video.stream.VideoStream): Stream of the packets.

    Returns:
        FrameTimes: Times of the frames.

    Raises:
        ValueError: If the stream has no frames, or an impossible frame rate.
    """
    table = np.fromiter(
        ((NO_TIME if packet.pts is None else packet.pts, packet.is_discard) for packet in packets),
        np.dtype([('pts', np.int64), ('discarded', bool)]),
    )
    pts = table['pts'][~table['discarded']]
    dated = pts != NO_TIME
    if 1 < dated.sum() < len(pts) and stream.average_rate:
        # Packets without a time are second fields if the others are one frame apart. In program streams, they are
        # frames, and the others are further apart.
        distance = np.median(np.diff(np.sort(pts[dated]))) * stream.time_base * stream.average_rate
        if abs(distance - 1) < 0.1:
            pts, dated = pts[dated], dated[dated]
    name = stream.container.name
    start = float((pts[dated].min() if dated.any() else stream.start_time or 0) * stream.time_base)
    if not len(pts):
        raise ValueError(f'{name} has no frames; use another file')
    has_b_frames = stream.codec_context.has_b_frames
    if dated.all():
        continued = _continue_clock(pts, stream.time_base, MAX_REORDERED if has_b_frames else 0)
        ordered = np.sort(continued)
        # With B-frames, the packets of an AVI have decoding times instead of presentation times.
        start = start if continued is pts else None
        counted = continued is not pts or (stream.container.format.name == 'avi' and has_b_frames)
        seconds = (ordered - ordered[0]).view(np.uint64) * float(stream.time_base)
        fps = _frame_rate(ordered, seconds, stream)
    else:
        counted, ordered = True, pts
        fps = _frame_rate(np.zeros_like(pts), np.zeros(len(pts)), stream)
        seconds = np.arange(len(pts)) / fps
    if not fps <= HIGHEST_RATE:
        raise ValueError(
            f'{name} claims {fps:g} frames per second, which is impossible; encode it again at its true rate'
        )
    return FrameTimes(
        pts=None if counted else ordered,
        seconds=seconds,
        fps=max(fps, 1 / LONGEST_STILL),
        reordered=bool((np.diff(pts) < 0).any()),
        num_repeated=len(pts) - len(np.unique(pts)) if dated.all() else 0,
        num_lost=_count_lost(len(table), len(pts), fps, stream),
        start=start,
    )


def _continue_clock(pts: np.ndarray, time_base: Fraction, max_reordered: int) -> np.ndarray:
    """Remove the steps of a clock that was set back by a second or more.

    Args:
        pts (np.ndarray): Time stamps of the frames in decoding order, shape (N,), int64.
        time_base (Fraction): Unit of the time stamps in seconds.
        max_reordered (int): Largest number of frames that are decoded after a later one.

    Returns:
        np.ndarray: Continued time stamps; the same array if the clock was not set back.
    """
    steps = np.diff(pts)
    shift = None
    for index in np.flatnonzero(steps < float(-1 / time_base)) + 1:
        before, after = pts[max(index - max_reordered - 1, 0) : index], pts[index : index + max_reordered + 1]
        # A B-frame also steps back: it follows a few later frames, and precedes frames that are later still.
        few_are_later = len(before) <= max_reordered or before.min() < pts[index]
        later_ones_follow = len(after) <= max_reordered or after.max() > before.max()
        if few_are_later and later_ones_follow:
            continue
        shift = np.zeros_like(pts) if shift is None else shift
        shift[index] = before.max() - after.min() + int(np.median(np.diff(np.sort(pts))))
    return pts if shift is None else pts + np.cumsum(shift)


def _frame_rate(pts: np.ndarray | None, seconds: np.ndarray, stream: av.video.stream.VideoStream) -> float:
    """Return the average frame rate, which may differ from the header's in recordings of calls and screens."""
    from_header = stream.average_rate or stream.guessed_rate
    before = np.flatnonzero(np.diff(seconds) > LONGEST_STILL)
    gaps = sum(int(pts[index + 1]) - int(pts[index]) for index in before)
    span = int(pts[-1]) - int(pts[0]) - gaps
    measured = (len(pts) - 1 - len(before)) / (span * stream.time_base) if span else from_header
    if len(pts) == 1 and not 0 < (measured or 0) <= HIGHEST_RATE:
        return 30.0  # the rate of MA-52: a single frame has none
    if not measured:
        raise ValueError(f'{stream.container.name} has no frames; use another file')
    return float(from_header if from_header and abs(measured / from_header - 1) < 0.02 else measured)


def _count_lost(num_packets: int, num_frames: int, fps: float, stream: av.video.stream.VideoStream) -> int:
    """Return the number of frames that the header counts and a truncated file lacks."""
    # A stream-copied cut has fewer frames than the header counts, but the duration of the header. A truncated
    # file has neither.
    expected = float((stream.duration or 0) * stream.time_base * fps)
    return 0 if abs(expected - num_frames) < 1.5 else max(stream.frames - num_packets, 0)
