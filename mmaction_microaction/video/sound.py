"""Takes the sound of a video over into a new one, in time with its frames."""

import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from types import TracebackType

import av
import numpy as np

from .container import open_container
from .reader import Video

COPIED_CODECS = ('aac', 'ac3', 'alac', 'eac3', 'flac', 'mp3', 'opus')
"""FFmpeg's names of the codecs that an MP4 file contains as they are. Sound of other codecs is encoded again."""
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
"""Sampling rates of AAC in hertz. Sound of another rate is resampled to 48,000."""
MAX_DRIFT = 0.05
"""Seconds by which sound that is encoded again may deviate from its time stamps before silence is inserted or samples
are dropped."""
MAX_UNDECODABLE = 50
"""Number of packets at the start of the sound of which at least one has to be decodable."""


class Sound:
    """The sound of a video, which is written into a new video while its frames are encoded.

    Packets are copied if MP4 has their codec, and otherwise encoded as AAC. Of several audio streams, the one that
    players choose is taken. Sound before the first frame is left out. If there is no sound, nothing is written; if
    sound cannot be taken over, a warning says why. The object is a context manager that closes the file.

    Args:
        video (Video): The video.
        left_out (Sequence[tuple[float, float]]): Start and end, in seconds since the first frame, of parts that the new
            video lacks. Defaults to none.
    """

    def __init__(self, video: Video, left_out: Sequence[tuple[float, float]] = ()) -> None:
        self.path, self._start, self._left_out = video.path, video.start, left_out
        self._container = open_container(video.path)
        self._stream, self._target = None, None
        self._waiting: av.packet.Packet | None = None

    def __enter__(self) -> 'Sound':
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._container.close()

    def add_to(self, output: av.container.OutputContainer) -> None:
        """Add an audio stream to a new video before its first packet is written.

        Args:
            output (av.container.OutputContainer): The new video.
        """
        stream = self._container.streams.best('audio')
        if stream is None:
            return
        problem = self._find_problem(stream)
        if problem:
            self._warn(f'{problem}; the new video has no sound')
            return
        codec = stream.codec_context
        if codec.name in COPIED_CODECS or codec.codec.canonical_name in COPIED_CODECS:
            self._target = output.add_stream_from_template(stream)
            self._packets = self._copied(stream)
        else:
            self._target = output.add_stream('aac', rate=codec.rate if codec.rate in AAC_RATES else 48000)
            self._target.layout = 'mono' if codec.channels == 1 else 'stereo'
            self._packets = self._encoded(stream)

    def write(self, output: av.container.OutputContainer, until: float) -> None:
        """Write the packets that start before a time of the new video. Later calls continue where this one ended.

        Args:
            output (av.container.OutputContainer): The new video.
            until (float): Time in seconds.
        """
        while self._target is not None:
            try:
                packet = self._waiting or next(self._packets, None)
                if packet is None:
                    self._target = None
                elif packet.pts * packet.time_base >= until:
                    self._waiting = packet
                    return
                else:
                    self._waiting = None
                    output.mux(packet)
            except av.FFmpegError as error:
                self._warn(f'the sound cannot be read after {until:.1f} s ({error.strerror}); it ends there')
                self._target = None

    def _find_problem(self, stream: av.audio.stream.AudioStream) -> str:
        """Return why the sound cannot be taken over, or an empty text."""
        if self._start is None:
            return 'its clock was set back, so its sound cannot be matched to the frames'
        if not stream.codec_context:
            return 'FFmpeg has no decoder for its sound'
        try:
            with open_container(self.path) as container:
                probed = container.streams[stream.index]
                for number, packet in enumerate(container.demux(probed)):
                    if any(frame.samples for frame in _decode(packet)):
                        return ''
                    if number == MAX_UNDECODABLE:
                        break
        except av.FFmpegError:
            pass
        return 'its sound is damaged'

    def _warn(self, problem: str) -> None:
        warnings.warn(f'{self.path}: {problem}', stacklevel=4)

    def _shown_at(self, seconds: float) -> float | None:
        """Convert seconds of the file to those of the new video. None for a part that it lacks."""
        seconds -= self._start
        missing = 0.0
        for start, end in self._left_out:
            if seconds < start:
                break
            if seconds < end:
                return None
            missing += end - start
        return seconds - missing

    def _copied(self, stream: av.audio.stream.AudioStream) -> Iterator[av.packet.Packet]:
        """Yield the packets with the times of the new video."""
        last, end = None, None
        for packet in self._container.demux(stream):
            if not packet.size:
                continue
            unit = packet.time_base
            pts = end if packet.pts is None else packet.pts
            if pts is None:
                continue
            duration = packet.duration or 0
            end = pts + duration
            time = self._shown_at(float(pts * unit))
            # The packet in which the first frame is shown is kept. Players skip its start.
            if time is None or time + float(duration * unit) <= 0:
                continue
            stamp = round(time / unit)
            # Time stamps of damaged files may repeat, which the MP4 format does not allow.
            if last is not None and stamp <= last:
                continue
            last = packet.pts = packet.dts = stamp
            packet.stream = self._target
            yield packet

    def _encoded(self, stream: av.audio.stream.AudioStream) -> Iterator[av.packet.Packet]:
        """Yield the sound as AAC."""
        target = self._target
        written = 0
        for samples in self._samples(stream, target.rate, target.layout.name):
            frame = av.AudioFrame.from_ndarray(samples, format='fltp', layout=target.layout.name)
            frame.sample_rate, frame.pts, frame.time_base = target.rate, written, Fraction(1, target.rate)
            written += samples.shape[1]
            yield from target.encode(frame)
        yield from target.encode(None)

    def _samples(self, stream: av.audio.stream.AudioStream, rate: int, layout: str) -> Iterator[np.ndarray]:
        """Decode the sound to arrays that follow each other from the first frame on, with silence between them.

        Yields:
            np.ndarray: Samples, shape (channels, N), float32.
        """
        position, end = 0, None
        resampler, kind = None, None
        for packet in self._container.demux(stream):
            for frame in _decode(packet):
                start = end if frame.pts is None else float(frame.pts * frame.time_base)
                if start is None:
                    continue
                end = start + frame.samples / frame.sample_rate
                time = self._shown_at(start)
                if time is None:
                    continue
                if kind != (frame.format.name, frame.layout.name, frame.sample_rate):
                    kind = frame.format.name, frame.layout.name, frame.sample_rate
                    resampler = av.AudioResampler(format='fltp', layout=layout, rate=rate)
                frame.pts = None
                converted = [part.to_ndarray() for part in resampler.resample(frame)]
                for samples in converted:
                    late = round(time * rate) - position
                    if abs(late) <= MAX_DRIFT * rate and position:
                        late = 0
                    # In pieces, since a gap may last hours.
                    for left in range(late, 0, -rate):
                        yield np.zeros((len(samples), min(left, rate)), np.float32)
                    time += samples.shape[1] / rate
                    samples = samples[:, max(-late, 0) :]
                    position += max(late, 0) + samples.shape[1]
                    if samples.shape[1]:
                        yield np.ascontiguousarray(samples)


def _decode(packet: av.packet.Packet) -> list[av.AudioFrame]:
    """Decode a packet. A damaged one has no frames."""
    try:
        return packet.decode()
    except av.FFmpegError:
        return []
