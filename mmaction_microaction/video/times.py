"""Works out when the frames of a video are shown, from its packets rather than from what its header promises."""

from typing import NamedTuple

import numpy as np

LONGEST_STILL = 120
"""Seconds; where no frame comes for longer, the recording has a gap, or its clock was set."""
HIGHEST_RATE = 1000
"""Frames per second; what claims more has a wrong clock."""
NO_TIME = np.iinfo(np.int64).min
"""Stands for the time of a packet that has none."""
MOST_REORDERED = 16
"""Frames that a codec may hold back until it has decoded later ones."""


class FrameTimes(NamedTuple):
    """When the frames of a video are shown."""

    stamps: np.ndarray | None
    """Time of each frame in the units of the file, ascending, shape (N,), int64; None if frames have to be counted."""
    seconds: np.ndarray
    """Time of each frame since the first, ascending, shape (N,)."""
    fps: float
    """Average frames per second, gaps left out."""
    reordered: bool
    """Whether frames are decoded in another order than they are shown."""
    num_repeated: int
    """Number of frames that claim the time of another frame."""
    num_lost: int
    """Number of frames that the header counts and the file lacks because it breaks off."""

    def index_of(self, stamp):
        """Find the frame that is shown at a time.

        Args:
            stamp (int | None): The time, in the units of the file.

        Returns:
            int | None: Index of the frame, the first of several; None if there is none, or frames have to be counted.
        """
        if self.stamps is None or stamp is None:
            return None
        index = int(np.searchsorted(self.stamps, stamp))
        return index if index < len(self.stamps) and self.stamps[index] == stamp else None

    @property
    def gaps(self):
        """np.ndarray: Start and end of each gap longer than :data:`LONGEST_STILL`, seconds, shape (G, 2)."""
        return find_gaps(self.seconds)


def find_gaps(seconds):
    """Find where no frame is shown for longer than :data:`LONGEST_STILL`.

    Args:
        seconds (np.ndarray): Times of the frames, ascending, shape (N,).

    Returns:
        np.ndarray: Times of the frames before and after each gap, shape (G, 2).
    """
    before = np.flatnonzero(np.diff(seconds) > LONGEST_STILL)
    return np.stack([seconds[before], seconds[before + 1]], axis=1)


def frame_times(packets, stream):
    """Work out when the frames of a stream are shown.

    Camcorders (AVCHD) may write the two fields of an interlaced frame as a packet each, the second without a time. A
    clock that is set back goes on from where it was.

    Args:
        packets (Iterable[av.packet.Packet]): All packets of the stream; each is looked at once, and not kept.
        stream (av.video.stream.VideoStream): The stream.

    Returns:
        FrameTimes: The times.

    Raises:
        ValueError: If there are no frames, or their rate cannot be.
    """
    table = np.fromiter(
        ((NO_TIME if packet.pts is None else packet.pts, packet.is_discard) for packet in packets),
        np.dtype([('stamp', np.int64), ('discarded', bool)]),
    )
    stamps = table['stamp'][~table['discarded']]
    dated = stamps != NO_TIME
    if 1 < dated.sum() < len(stamps) and stream.average_rate:
        # Where frames have no time, as in program streams, those that have one are further apart.
        distance = np.median(np.diff(np.sort(stamps[dated]))) * stream.time_base * stream.average_rate
        if abs(distance - 1) < 0.1:
            stamps, dated = stamps[dated], dated[dated]
    name = stream.container.name
    if not len(stamps):
        raise ValueError(f'{name} has no frames; give another file')
    has_b_frames = stream.codec_context.has_b_frames
    if dated.all():
        going_on = _without_steps_back(stamps, stream.time_base, MOST_REORDERED if has_b_frames else 0)
        ordered = np.sort(going_on)
        # In AVI, frames that wait for later ones say when they are decoded, not when they are shown.
        counted = going_on is not stamps or (stream.container.format.name == 'avi' and has_b_frames)
        seconds = (ordered - ordered[0]).view(np.uint64) * float(stream.time_base)
        fps = _frame_rate(ordered, seconds, stream)
    else:
        counted, ordered = True, stamps
        fps = _frame_rate(np.zeros_like(stamps), np.zeros(len(stamps)), stream)
        seconds = np.arange(len(stamps)) / fps
    if not fps <= HIGHEST_RATE:
        raise ValueError(f'{name} claims {fps:g} frames a second, which cannot be; encode it anew at its true rate')
    return FrameTimes(
        None if counted else ordered,
        seconds,
        max(fps, 1 / LONGEST_STILL),
        bool((np.diff(stamps) < 0).any()),
        len(stamps) - len(np.unique(stamps)) if dated.all() else 0,
        _count_lost(len(table), len(stamps), fps, stream),
    )


def _without_steps_back(stamps, unit, most_reordered):
    """Let a clock that was set back by a second or more go on.

    Args:
        stamps (np.ndarray): Times of the frames as they are decoded, shape (N,), int64.
        unit (Fraction): Seconds.
        most_reordered (int): Frames that may be decoded after a later one.

    Returns:
        np.ndarray: The same array if the clock was not set back.
    """
    steps = np.diff(stamps)
    shift = None
    for place in np.flatnonzero(steps < float(-1 / unit)) + 1:
        before, after = stamps[max(place - most_reordered - 1, 0) : place], stamps[place : place + most_reordered + 1]
        # A frame that waited for some later ones comes after few that are later, and before some that are.
        waited_for = len(before) <= most_reordered or before.min() < stamps[place]
        is_last = len(after) <= most_reordered or after.max() > before.max()
        if waited_for and is_last:
            continue
        shift = np.zeros_like(stamps) if shift is None else shift
        shift[place] = before.max() - after.min() + int(np.median(np.diff(np.sort(stamps))))
    return stamps if shift is None else stamps + np.cumsum(shift)


def _frame_rate(ordered, seconds, stream):
    """Work out the average rate, since files may name another: recorders of calls and screens vary it."""
    said = stream.average_rate or stream.guessed_rate
    before = np.flatnonzero(np.diff(seconds) > LONGEST_STILL)
    gaps = sum(int(ordered[place + 1]) - int(ordered[place]) for place in before)
    span = int(ordered[-1]) - int(ordered[0]) - gaps
    measured = (len(ordered) - 1 - len(before)) / (span * stream.time_base) if span else said
    if len(ordered) == 1 and not 0 < (measured or 0) <= HIGHEST_RATE:
        return 30.0  # as in MA-52: a single frame has no rate
    if not measured:
        raise ValueError(f'{stream.container.name} has no frames; give another file')
    return float(said if said and abs(measured / said - 1) < 0.02 else measured)


def _count_lost(num_packets, num_frames, fps, stream):
    """Count the frames that a header promises and the file lacks."""
    # What was cut without encoding may have fewer frames than its header says, but lasts as long as it says; what
    # breaks off does neither.
    lasts = float((stream.duration or 0) * stream.time_base * fps)
    return 0 if abs(lasts - num_frames) < 1.5 else max(stream.frames - num_packets, 0)
