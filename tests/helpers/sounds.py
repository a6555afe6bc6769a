"""Videos with clicks and flashes at the same times."""

from fractions import Fraction

import av
import numpy as np

RATE = 48000


def make_clicks(times, seconds, rate=RATE):
    """Return a mono sound, float32, of silence and a tone of 20 ms at each time."""
    samples = np.zeros(round(seconds * rate), np.float32)
    tone = np.sin(np.arange(round(0.02 * rate)) * 2 * np.pi * 1000 / rate)
    for time in times:
        start = round(time * rate)
        samples[start : start + len(tone)] = 0.8 * tone[: len(samples) - start]
    return samples


def write_with_sound(
    path, clicks, seconds=4, codec='aac', start=0.0, sound_start=0.0, sound_seconds=None, rate=RATE, packed='flt'
):
    """Write a video whose frames are bright, and whose sound clicks, at some times of the picture.

    Args:
        path (Path): Path of the file, whose suffix determines the container.
        clicks (list[float]): Times in seconds since the first frame.
        seconds (float): Duration of the picture.
        codec (str): Name of the encoder of the sound in FFmpeg.
        start, sound_start (float): Times of the first frame and of the first sample on the clock of the file.
        sound_seconds (float, optional): Duration of the sound. Defaults to that of the picture.
        rate (int): Samples per second.
        packed (str): Sample format that the encoder expects, packed.
    """
    sound = make_clicks([time + start - sound_start for time in clicks], sound_seconds or seconds, rate)
    if packed == 's16':
        sound = (sound * 32767).astype(np.int16)
    with av.open(str(path), 'w') as container:
        video = container.add_stream('libx264', rate=25, options={'bf': '0', 'preset': 'ultrafast'})
        video.width, video.height, video.pix_fmt = 64, 48, 'yuv420p'
        audio = container.add_stream(codec, rate=rate)
        audio.layout = 'mono'
        step = rate // 25
        for index in range(max(round(seconds * 25), -(-len(sound) // step))):
            if index < seconds * 25:
                level = 220 if any(0 <= index / 25 - time < 0.1 for time in clicks) else 40
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format='rgb24')
                frame.pts, frame.time_base = index + round(start * 25), Fraction(1, 25)
                container.mux(video.encode(frame))
            part = sound[index * step : (index + 1) * step]
            if len(part):
                frame = av.AudioFrame.from_ndarray(part[None], format=packed, layout='mono')
                frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = round(sound_start * rate) + index * step
                container.mux(audio.encode(frame))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def read_sound(path, seconds):
    """Decode the sound of a video, independently of the project.

    Returns:
        np.ndarray: Samples at 48 kHz from the first frame on, of some seconds, with silence where there are none.
    """
    with av.open(str(path)) as container:
        start = min(packet.pts * packet.time_base for packet in container.demux(video=0) if packet.pts is not None)
    samples = np.zeros(round(seconds * RATE), np.float32)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            time = frame.pts * frame.time_base - start
            for part in av.AudioResampler('fltp', 'mono', RATE).resample(frame):
                part = part.to_ndarray()[0]
                first = round(time * RATE)
                part = part[max(-first, 0) :][: max(len(samples) - max(first, 0), 0)]
                samples[max(first, 0) : max(first, 0) + len(part)] = part
    return samples


def find_delay(sound, reference):
    """Return by how many seconds a sound is later than a reference, by cross-correlation."""
    size = len(sound) + len(reference)
    spectrum = np.fft.rfft(np.abs(sound), size) * np.conj(np.fft.rfft(np.abs(reference), size))
    shift = int(np.fft.irfft(spectrum, size).argmax())
    return (shift - size if shift > size // 2 else shift) / RATE
