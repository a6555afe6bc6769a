"""Training pipelines accept videos of any size and length with either decoder."""

import av
import numpy as np
import pytest
from helpers.support import ROOT
from mmaction.registry import DATASETS
from mmengine.config import Config

SHAPES = {  # name: frames, width, height
    'portrait.mp4': (9, 120, 216),
    'one frame.mp4': (1, 96, 64),
    'two frames.mp4': (2, 96, 64),
    'odd.mp4': (5, 101, 75),
    '4K.mp4': (2, 3840, 2160),
    'Überblick 雪 #1?.mp4': (3, 64, 64),
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('odd videos ü')
    for name, (num_frames, width, height) in SHAPES.items():
        with av.open(str(folder / name), 'w') as container:
            stream = container.add_stream('libx264', rate=25, options={'preset': 'ultrafast'})
            stream.width, stream.height, stream.pix_fmt = width, height, 'yuv444p'
            for index in range(num_frames):
                frame = np.full((height, width, 3), 20 * index, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
            container.mux(stream.encode(None))
    (folder / 'list.txt').write_text(''.join(f'{name} 3\n' for name in SHAPES), encoding='utf-8')
    return folder


@pytest.mark.slow
@pytest.mark.parametrize('decoder', [None, 'pyav'], ids=['decord', 'pyav'])
@pytest.mark.parametrize(
    ('config', 'shape'),
    [('manet_r50_8x1_ma52', (8, 3, 224, 224)), ('baselines/i3d_r50_32x2_ma52', (1, 3, 32, 224, 224))],
)
def test_training_pipelines_accept_unusual_videos(folder, config, shape, decoder):
    pipeline = Config.fromfile(ROOT / 'configs' / f'{config}.py').train_dataloader.dataset.pipeline
    dataset = DATASETS.build(
        dict(
            type='ClipDataset',
            ann_file=str(folder / 'list.txt'),
            data_prefix=dict(video=str(folder)),
            pipeline=pipeline,
            decoder=decoder,
            max_unreadable=0,
        )
    )
    for index, name in enumerate(SHAPES):
        sample = dataset[index]
        assert sample['data_samples'].video_id == name
        assert sample['inputs'].shape == shape
