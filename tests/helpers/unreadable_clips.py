"""Clips that cannot be read, and a dataset of them."""

import av
import numpy as np
from mmaction.registry import DATASETS

GOOD = [f'good {index}.mp4' for index in range(3)]
BAD = [
    'cut.mp4',
    'cut header.mp4',
    'empty.mp4',
    'other codec.mp4',
    'image.mp4',
    'text.mp4',
    'sound.mp4',
    'folder.mp4',
    'vanished.mp4',
]
DECODERS = ['Decord', 'PyAV', 'OpenCV', 'pyav']
SAMPLING = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)


def write_sound(path):
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('aac', rate=8000)
        stream.layout = 'mono'
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format='fltp', layout='mono')
        frame.rate = 8000
        container.mux([*stream.encode(frame), *stream.encode(None)])


def write_streamable(path):
    """Write a video that begins with its header, so that it can be opened when truncated."""
    with av.open(str(path), 'w', options={'movflags': 'faststart'}) as container:
        stream = container.add_stream('libx264', rate=30)
        stream.width, stream.height, stream.pix_fmt = 96, 80, 'yuv420p'
        rng = np.random.default_rng(0)
        for _ in range(30):
            image = rng.integers(0, 255, (80, 96, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode(None))


def build(folder, names, decoder='Decord', **kwargs):
    ann_file = folder.parent / f'{folder.name}.txt'
    ann_file.write_text(''.join(f'{name} {index}\n' for index, name in enumerate(names)))
    upstream = 'Decord' if decoder == 'pyav' else decoder
    steps = [
        dict(type=f'{upstream}Init'),
        SAMPLING,
        dict(type=f'{upstream}Decode'),
        dict(type='Resize', scale=(-1, 64)),
        dict(type='CenterCrop', crop_size=56),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    ]
    return DATASETS.build(
        dict(
            type='ClipDataset',
            ann_file=str(ann_file),
            data_prefix=dict(video=str(folder)),
            pipeline=steps,
            check_videos=False,
            decoder='pyav' if decoder == 'pyav' else None,
            **kwargs,
        )
    )
