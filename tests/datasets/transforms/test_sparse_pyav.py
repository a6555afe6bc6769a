"""Sparsely decoded frames are bit-identical to those of decord, or correct where decord's are wrong."""

import struct

import av
import numpy as np
import pytest
from helpers.field_video import write_field_video
from helpers.odd_videos import cut_without_encoding
from helpers.processes import run_python
from helpers.support import ROOT, write_clip
from mmaction.registry import DATASETS
from mmengine.config import Config

from mmaction_microaction.datasets.transforms import decoding_steps
from mmaction_microaction.video.sparse_decoding import decode, open_video

SAMPLINGS = {
    '2D, test': dict(clip_len=1, frame_interval=1, num_clips=8, test_mode=True),
    '2D, training': dict(clip_len=1, frame_interval=1, num_clips=8),
    'every frame, some twice': dict(clip_len=40, frame_interval=1, out_of_bound_opt='repeat_last', test_mode=True),
    'by time': dict(clip_len=4, frame_interval=1, target_fps=15),
}
OPEN_GROUPS = 'open groups.mp4'
"""Video with frames that refer to frames after a key frame. decord 0.6.0 returns the next frame for some of them."""
DECORD_ERRS = (OPEN_GROUPS, 'mpeg4.avi', 'h264.avi')
"""Videos of which decord returns wrong frames. In AVI, these are neighbours of the frame, with H.264 only sometimes."""


def build(folder, names, decoder, sampling=SAMPLINGS['2D, test'], after=(), **kwargs):
    ann_file = folder / 'list.txt'
    ann_file.write_text(''.join(f'{name} 1\n' for name in names))
    pipeline = [dict(type='DecordInit'), dict(type='SampleFrames', **sampling), dict(type='DecordDecode'), *after]
    return DATASETS.build(
        dict(
            type='ClipDataset',
            ann_file=str(ann_file),
            data_prefix=dict(video=str(folder)),
            pipeline=pipeline,
            check_names=False,
            decoder=decoder,
            **kwargs,
        )
    )


def write_video(path, num_frames=30, codec='libx264', **options):
    """Write moving noise in H.264 with reference frames and other frames."""
    rng = np.random.default_rng(num_frames)
    noise = rng.integers(0, 255, (96, 200, 3), dtype=np.uint8)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=30, options={'threads': '1', **options})
        stream.width, stream.height, stream.pix_fmt = 128, 96, 'yuv420p'
        for index in range(num_frames):
            image = np.ascontiguousarray(noise[:, index : index + 128])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode(None))


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp('videos')
    write_video(folder / 'b frames.mp4', bf='3')
    write_video(folder / 'b frames refer to b frames.mp4', bf='5', **{'b-pyramid': 'normal'})
    write_video(folder / OPEN_GROUPS, bf='3', g='8', **{'x264-params': 'open-gop=1'})
    write_video(folder / 'key frames.mp4', g='1')
    write_video(folder / 'one frame.mp4', num_frames=1)
    write_video(folder / 'two frames.mp4', num_frames=2, bf='3')
    write_clip(folder / 'mpeg4.mp4')
    # In AVI, the times of H.264 are those of decoding instead of display.
    write_video(folder / 'h264.avi', bf='3')
    write_video(folder / 'mpeg4.avi', codec='mpeg4', bf='2')
    write_video(folder / 'vp8.webm', codec='libvpx')
    turn(folder / 'b frames.mp4', folder / 'on its side.mp4', (0, 1, -1, 0))
    turn(folder / 'b frames.mp4', folder / 'on its other side.mp4', (0, -1, 1, 0))
    turn(folder / 'b frames.mp4', folder / 'upside down.mp4', (-1, 0, 0, -1))
    return folder


def turn(path, target, matrix):
    """Copy a video and change the display matrix in the header of its track."""
    content = bytearray(path.read_bytes())
    start = content.index(b'tkhd') + 44
    a, b, c, d = (value * 65536 for value in matrix)
    assert struct.unpack_from('>9i', content, start) == (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    struct.pack_into('>9i', content, start, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    target.write_bytes(content)


def check_equal(folder, names, sampling):
    decord, ours = (build(folder, names, decoder, sampling) for decoder in ('decord', 'pyav'))
    for index in range(len(names)):
        np.random.seed(index)
        expected = decord[index]
        np.random.seed(index)
        found = ours[index]
        for key in ('total_frames', 'avg_fps', 'img_shape', 'original_shape', 'label'):
            assert found[key] == expected[key]
        assert found['frame_inds'].tolist() == expected['frame_inds'].tolist()
        if names[index] in DECORD_ERRS:
            with av.open(str(folder / names[index])) as container:
                frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
            expected['imgs'] = [frames[index] for index in expected['frame_inds']]
        np.testing.assert_array_equal(found['imgs'], expected['imgs'])


@pytest.mark.parametrize('sampling', SAMPLINGS.values(), ids=SAMPLINGS)
def test_frames_equal_those_of_decord(videos, sampling):
    check_equal(videos, [path.name for path in sorted(videos.iterdir()) if path.suffix != '.txt'], sampling)


@pytest.mark.real_data
def test_frames_of_real_clips_equal_those_of_decord(shared, tmp_path):
    names = ['0019_02_0078.mp4', '0030_01_0002.mp4']
    for name in names:
        (tmp_path / name).symlink_to(shared / 'ma52' / 'samples' / name)
    check_equal(tmp_path, names, SAMPLINGS['2D, training'])


def test_frames_shown_twice_are_flipped_once(videos):
    sampling = SAMPLINGS['every frame, some twice']
    plain = build(videos, ['b frames.mp4'], 'pyav', sampling)[0]
    flipped = build(videos, ['b frames.mp4'], 'pyav', sampling, [dict(type='Flip', flip_ratio=1)])[0]
    np.testing.assert_array_equal(flipped['imgs'], np.array(plain['imgs'])[:, :, ::-1])


def test_undecodable_video_is_named(videos, tmp_path):
    content = (videos / 'b frames.mp4').read_bytes()
    (tmp_path / 'cut.mp4').write_bytes(content[: len(content) // 2])
    (tmp_path / 'foreign.mp4').write_bytes(b'no video at all')
    dataset = build(tmp_path, ['cut.mp4', 'foreign.mp4'], 'pyav', test_mode=True)
    for index, name in enumerate(['cut.mp4', 'foreign.mp4']):
        with pytest.raises((ValueError, av.error.FFmpegError), match=name):
            _ = dataset[index]
    with av.open(str(tmp_path / 'sound.wav'), 'w') as container:
        stream = container.add_stream('pcm_s16le', rate=8000)
        stream.layout = 'mono'
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format='s16', layout='mono')
        frame.rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(ValueError, match=r'sound\.wav .*video format'):
        _ = build(tmp_path, ['sound.wav'], 'pyav')[0]


def test_lost_frames_are_not_replaced_by_others(videos, tmp_path):
    content = bytearray((videos / 'b frames.mp4').read_bytes())
    start = content.index(b'mdat') + 4
    length = int.from_bytes(content[start - 8 : start - 4], 'big') - 8
    content[start + length // 2 : start + length] = bytes(length - length // 2)
    (tmp_path / 'hole.mp4').write_bytes(content)
    with pytest.raises(ValueError, match=r'hole\.mp4.* cannot be decoded'):
        _ = build(tmp_path, ['hole.mp4'], 'pyav')[0]


def test_raw_streams_are_decoded_in_order(videos, tmp_path):
    # Raw streams contain no display times, and decord rejects them.
    write_video(tmp_path / 'raw.h264', bf='3')
    with av.open(str(tmp_path / 'raw.h264')) as container:
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    found = build(tmp_path, ['raw.h264'], 'pyav')[0]
    np.testing.assert_array_equal(found['imgs'], [frames[index] for index in found['frame_inds']])


def test_refuses_an_unknown_decoder(videos):
    with pytest.raises(ValueError, match=r"decoder='nvdec': .*'pyav' or 'decord', or None"):
        build(videos, ['mpeg4.mp4'], 'nvdec')


def types(dataset):
    return [type(transform).__name__ for transform in dataset.pipeline.transforms]


def test_environment_variable_selects_the_decoder(videos, monkeypatch):
    messages = []
    monkeypatch.setattr(decoding_steps, 'print_log', lambda text, **_: messages.append(text))
    pyav, decord = (
        ['SparsePyAVInit', 'SampleFrames', 'SparsePyAVDecode'],
        ['DecordInit', 'SampleFrames', 'DecordDecode'],
    )
    for decoder, expected in ((None, decord), ('decord', decord), ('pyav', pyav)):
        assert types(build(videos, ['mpeg4.mp4'], decoder)) == expected
    assert messages == ['decoder: PyAV (instead of DecordInit/DecordDecode)']


def test_without_decord_pyav_decodes(videos, monkeypatch):
    messages = []
    monkeypatch.setattr(decoding_steps, 'find_spec', lambda name: None)
    monkeypatch.setattr(decoding_steps, 'print_log', lambda text, **_: messages.append(text))
    dataset = build(videos, ['mpeg4.mp4'], None)
    assert types(dataset) == ['SparsePyAVInit', 'SampleFrames', 'SparsePyAVDecode']
    assert messages == ['decoder: PyAV, since decord is not installed (instead of DecordInit/DecordDecode)']
    with pytest.raises(ImportError, match=r"decord is not installed\. Install it, or set decoder='pyav'"):
        build(videos, ['mpeg4.mp4'], 'decord')


def test_package_does_not_need_decord():
    block = 'import sys; sys.modules["decord"] = None; '
    imports = (
        'import mmaction_microaction; from mmaction_microaction.datasets.preparation import ma52, make_frame_store'
    )
    assert run_python(block + imports).returncode == 0


@pytest.mark.parametrize('name', ['manet_r50_8x1_ma52', 'baselines/i3d_r50_32x2_ma52', 'imbalance/*_balanced'])
def test_environment_variable_selects_the_decoder_of_any_config(monkeypatch, name):
    (path,) = (ROOT / 'configs').glob(f'{name}.py')
    assert decoders(path) == ['pyav'] * 3
    monkeypatch.setenv('MA52_DECODER', 'decord')
    assert decoders(path) == ['decord'] * 3


@pytest.mark.parametrize('path', sorted((ROOT / 'configs').rglob('*_ma52*.py')), ids=lambda path: path.stem)
def test_every_config_of_ma52_names_its_decoder(path):
    found = decoders(path)
    assert len(found) >= 2
    assert set(found) == {'pyav'}


def decoders(path):
    """Return the decoder of each dataset of a config: for training, validation (if there is one) and the test."""
    config = Config.fromfile(path)
    loaders = (config[f'{split}_dataloader'] for split in ('train', 'val', 'test'))
    datasets = [loader.dataset for loader in loaders if loader]
    # A repeated dataset contains one dataset, and joined ones several.
    return [part.decoder for dataset in datasets for part in dataset.get('datasets', [dataset.get('dataset', dataset)])]


@pytest.mark.parametrize('first', [7, 15])
def test_video_cut_without_encoding_has_only_the_displayed_frames(tmp_path, first):
    write_video(tmp_path / 'whole.mp4', g='12', bf='2')
    cut_without_encoding(tmp_path / 'whole.mp4', tmp_path / 'cut.mp4', first)
    whole, cut = (
        build(tmp_path, [name], 'pyav', SAMPLINGS['every frame, some twice'])[0] for name in ('whole.mp4', 'cut.mp4')
    )
    assert cut['total_frames'] == 30 - first
    for index in range(30 - first):
        np.testing.assert_array_equal(cut['imgs'][index], whole['imgs'][first + index])


def test_two_fields_are_read_as_one_frame(tmp_path):
    images = [np.full((64, 64), 40 + 5 * index, np.uint8) for index in range(20)]
    for image in images:
        image[1::2] += 60
    write_field_video(tmp_path / 'camcorder.mts', images)
    video = open_video(tmp_path / 'camcorder.mts')
    assert (video.num_frames, video.fps) == (20, 25)
    frames = dict(decode(video, [0, 7, 8, 19]))
    assert list(frames) == [0, 7, 8, 19]
    for index, frame in frames.items():
        # The range 16 to 235 of video is expanded to 0 to 255. Of the two fields, the upper one is read.
        np.testing.assert_allclose(frame[..., 1], (40 + 5 * index - 16) * 255 / 219, atol=1)
