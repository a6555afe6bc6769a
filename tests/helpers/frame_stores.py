"""Frame stores of unusual clips."""

import av
import numpy as np

from mmaction_microaction.datasets.frame_store import FrameSettings, FrameStore
from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store

SETTINGS = FrameSettings(short_side=48, quality=90)
SHAPES = {  # name: frames, width, height
    'wide.mp4': (12, 96, 64),
    'portrait.mp4': (9, 60, 120),
    'one frame.mp4': (1, 96, 64),
    'two/frames.mp4': (2, 96, 64),
    'odd.mp4': (5, 101, 75),
    'Überblick 雪 #1?.mp4': (3, 64, 64),
    'small.mp4': (4, 40, 32),
}


def write_ramp(path, num_frames, width, height):
    """Write smooth colours that differ by channel and time. Sides may be odd, since chroma is not subsampled."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'crf': '1'})
        stream.width, stream.height, stream.pix_fmt = width, height, 'yuv444p'
        for index in range(num_frames):
            frame = np.stack([x, y, np.full_like(x, 20 * index)], axis=-1).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(stream.encode(None))


def make_store(root, path, settings=SETTINGS, **kwargs):
    return make_frame_store(root / 'val_list_videos.txt', root / 'videos_val', path, settings, **kwargs)


def read_store(path):
    """Return the content of a store by clip."""
    store = FrameStore(path)
    clips = [store.find(name) for name in store.names()]
    return {clip.name: (clip.fps, store.read(clip, range(clip.num_frames))) for clip in clips}
