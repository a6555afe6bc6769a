"""Clips that cannot be read: replaced, logged and counted in training; named, or scored as missing, in tests."""

import errno
import logging
import pickle
import shutil
from multiprocessing.reduction import ForkingPickler
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from helpers.support import write_clip
from mmaction.registry import DATASETS, HOOKS
from mmengine.dataset import ClassBalancedDataset
from mmengine.logging import MMLogger
from torch.utils.data import ConcatDataset, DataLoader

from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.frame_store import make_frame_store

GOOD = [f'good {number}.mp4' for number in range(3)]
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
    """Write a video that begins with its header, so that one that is cut opens."""
    with av.open(str(path), 'w', options={'movflags': 'faststart'}) as container:
        stream = container.add_stream('libx264', rate=30)
        stream.width, stream.height, stream.pix_fmt = 96, 80, 'yuv420p'
        rng = np.random.default_rng(0)
        for _ in range(30):
            image = rng.integers(0, 255, (80, 96, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode(None))


@pytest.fixture(scope='module')
def sound_and_unsound(tmp_path_factory):
    folder = tmp_path_factory.mktemp('videos')
    for seed, name in enumerate(GOOD):
        write_clip(folder / name, seed=seed)
    content = (folder / GOOD[0]).read_bytes()
    # Its header is at the end.
    (folder / 'cut header.mp4').write_bytes(content[: len(content) // 2])
    write_streamable(folder / 'whole.mp4')
    content = (folder / 'whole.mp4').read_bytes()
    (folder / 'whole.mp4').unlink()
    (folder / 'cut.mp4').write_bytes(content[: len(content) // 3])
    assert content.count(b'avc1') == 2  # brand and codec
    (folder / 'other codec.mp4').write_bytes(content.replace(b'avc1', b'zzzz').replace(b'avcC', b'zzzz'))
    (folder / 'empty.mp4').touch()
    (folder / 'image.mp4').write_bytes(cv2.imencode('.webp', np.zeros((80, 96, 3), np.uint8))[1].tobytes()[:-9])
    (folder / 'text.mp4').write_text('no video at all')
    write_sound(folder / 'sound.mp4')
    (folder / 'folder.mp4').mkdir()
    return folder


def build(folder, names, decoder='Decord', **kwargs):
    ann_file = folder.parent / f'{folder.name}.txt'
    ann_file.write_text(''.join(f'{name} {number}\n' for number, name in enumerate(names)))
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
            type='MA52Dataset',
            ann_file=str(ann_file),
            data_prefix=dict(video=str(folder)),
            pipeline=steps,
            check_videos=False,
            decoder='pyav' if decoder == 'pyav' else None,
            **kwargs,
        )
    )


@pytest.fixture
def warnings(monkeypatch):
    """Messages of the dataset above the level of information."""
    messages = []

    def note(message, logger, level=logging.INFO):
        if level > logging.INFO:
            messages.append(message)

    monkeypatch.setattr('mmaction_microaction.datasets.unreadable.print_log', note)
    return messages


# MMAction2's OpenCVDecode shows an earlier frame instead of one that it cannot decode.
@pytest.mark.parametrize(
    ('decoder', 'name'),
    [(decoder, name) for decoder in DECODERS for name in BAD if (decoder, name) != ('OpenCV', 'cut.mp4')],
)
def test_training_takes_another_clip_and_a_test_names_it(sound_and_unsound, warnings, decoder, name):
    dataset = build(sound_and_unsound, [*GOOD, name], decoder, max_unreadable=0.25)
    for _ in range(2):
        assert dataset[3]['data_samples'].video_id in GOOD
    (message,) = warnings
    assert message.startswith(f'{sound_and_unsound / name} cannot be read (')
    assert message.endswith('; another clip takes its place.')
    dataset = build(sound_and_unsound, [*GOOD, name], decoder, test_mode=True)
    assert [dataset[number]['data_samples'].video_id for number in range(3)] == GOOD
    with pytest.raises(ValueError, match=rf'{name} cannot be read \(.*Replace it, or set unreadable_as_missing=True'):
        _ = dataset[3]


@pytest.mark.parametrize('decoder', DECODERS)
def test_missing_clips_have_black_frames_and_say_so(sound_and_unsound, warnings, decoder):
    dataset = build(sound_and_unsound, [GOOD[0], 'empty.mp4'], decoder, test_mode=True, unreadable_as_missing=True)
    good, missing = dataset[0], dataset[1]
    assert missing['inputs'].shape == good['inputs'].shape == (8, 3, 56, 56)
    assert not missing['inputs'].any()
    assert missing['data_samples'].video_id == 'empty.mp4'
    assert missing['data_samples'].gt_label.tolist() == [1]
    assert missing['data_samples'].unreadable
    assert 'unreadable' not in good['data_samples']
    assert ['it is scored as not recognised' in message for message in warnings] == [True]


def test_clip_damaged_in_the_store_is_replaced(sound_and_unsound, tmp_path, warnings):
    (tmp_path / 'list.txt').write_text(''.join(f'{name} 1\n' for name in GOOD))
    make_frame_store(tmp_path / 'list.txt', sound_and_unsound, tmp_path / 'frames', FrameSettings(64, 90))
    content = (tmp_path / 'frames').read_bytes()
    dataset = build(tmp_path / 'frames', GOOD, max_unreadable=0.4)
    store = dataset.pipeline.transforms[0].store
    # A byte in each frame of one clip.
    for jpeg in store.read(store.find(GOOD[1]), range(12)).values():
        place = content.index(jpeg) + len(jpeg) // 2
        content = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    (tmp_path / 'frames').write_bytes(content)
    dataset = build(tmp_path / 'frames', GOOD, max_unreadable=0.4)
    assert dataset[1]['data_samples'].video_id in (GOOD[0], GOOD[2])
    assert 'is damaged: frame' in warnings[0]


def test_pipeline_errors_are_not_taken_for_unreadable_clips(sound_and_unsound):
    dataset = build(sound_and_unsound, GOOD, max_unreadable=1)
    dataset.pipeline.transforms[-1] = lambda results: results['no such key']
    with pytest.raises(KeyError, match='no such key'):
        _ = dataset[0]


def test_too_many_end_the_run_with_the_last_ones_name(sound_and_unsound):
    dataset = build(sound_and_unsound, [*GOOD, 'empty.mp4', 'text.mp4'], max_unreadable=0.2)
    assert dataset.prepare_data(3) is None
    with pytest.raises(ValueError, match=r'text\.mp4 cannot be .* with it, 2 of the 5 clips .*max_unreadable=0\.2'):
        dataset.prepare_data(4)
    # By default, one in a hundred, but one clip in any case, unless it is the only one.
    few = build(sound_and_unsound, [*GOOD, 'empty.mp4', 'text.mp4'])
    assert few.prepare_data(3) is None
    with pytest.raises(ValueError, match=r'with it, 2 of the 5 clips .*max_unreadable=0\.01'):
        few.prepare_data(4)
    for names, kwargs in ((['empty.mp4'], {}), ([*GOOD, 'empty.mp4'], dict(max_unreadable=0))):
        with pytest.raises(ValueError, match=r'with it, 1 of the'):
            build(sound_and_unsound, names, **kwargs).prepare_data(len(names) - 1)


class Failing:
    """Raises errors, one after the other; then hands the sample on."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def __call__(self, sample):
        if self.errors:
            raise self.errors.pop(0)
        return sample


def failing_dataset(folder, monkeypatch, *errors, **kwargs):
    """A dataset whose first read raises errors, and the pauses that it makes."""
    pauses = []
    monkeypatch.setattr('mmaction_microaction.datasets.unreadable.time.sleep', pauses.append)
    dataset = build(folder, GOOD, max_unreadable=0.5, **kwargs)
    dataset.pipeline.transforms.insert(0, Failing(*errors))
    return dataset, pauses


@pytest.mark.parametrize('test_mode', [False, True])
@pytest.mark.parametrize('number', [errno.EIO, errno.ESTALE, errno.EMFILE, errno.ETIMEDOUT])
def test_errors_of_the_storage_that_pass_cost_no_clip(sound_and_unsound, monkeypatch, warnings, number, test_mode):
    errors = [OSError(number, 'passes'), av.error.OSError(number, 'passes')]
    dataset, pauses = failing_dataset(sound_and_unsound, monkeypatch, *errors, test_mode=test_mode)
    assert dataset[1]['data_samples'].video_id == GOOD[1]
    assert len(pauses) == 2
    assert dataset.unreadable.of_epoch() == warnings == []


@pytest.mark.parametrize('number', [errno.ESTALE, errno.EMFILE, errno.ETIMEDOUT])
def test_a_storage_that_fails_for_good_ends_the_run(sound_and_unsound, monkeypatch, number):
    dataset, _ = failing_dataset(sound_and_unsound, monkeypatch, *[OSError(number, 'stays')] * 3)
    with pytest.raises(OSError, match=r'good 1\.mp4 cannot be read .*stays.*--resume') as raised:
        _ = dataset[1]
    assert raised.value.errno == number
    assert dataset.unreadable.of_epoch() == []


def test_a_damaged_place_of_the_disk_is_an_unreadable_clip(sound_and_unsound, monkeypatch, warnings):
    dataset, _ = failing_dataset(sound_and_unsound, monkeypatch, *[OSError(errno.EIO, 'stays')] * 3)
    assert dataset.prepare_data(1) is None
    assert dataset.unreadable.of_epoch() == [1]
    assert len(warnings) == 1


@pytest.mark.parametrize('kind', [AttributeError, ImportError, MemoryError, NameError, TypeError])
@pytest.mark.parametrize('test_mode', [False, True])
def test_errors_of_program_and_memory_are_not_taken_for_unreadable_clips(
    sound_and_unsound, monkeypatch, kind, test_mode
):
    kwargs = dict(unreadable_as_missing=True, test_mode=True) if test_mode else {}
    dataset, pauses = failing_dataset(sound_and_unsound, monkeypatch, kind('it is not the clip'), **kwargs)
    with pytest.raises(kind, match='it is not the clip'):
        _ = dataset[1]
    assert dataset.unreadable.of_epoch() == pauses == []


def test_an_error_of_the_system_is_found_behind_that_of_a_decoder(sound_and_unsound, monkeypatch):
    # decord says of too many open files only that it cannot open the video.
    errors = [RuntimeError('cannot open')] * 3
    dataset, pauses = failing_dataset(sound_and_unsound, monkeypatch, *errors)

    def no_file(*args):
        raise OSError(errno.EMFILE, 'Too many open files')

    monkeypatch.setattr('builtins.open', no_file)
    with pytest.raises(OSError, match=r'good 1\.mp4 cannot be read .*Too many open files'):
        dataset.prepare_data(1)
    monkeypatch.undo()
    assert len(pauses) == 2


@pytest.mark.parametrize('persistent', [False, True])
def test_counts_per_epoch_over_all_workers(sound_and_unsound, tmp_path, persistent):
    folder = tmp_path / 'videos'
    shutil.copytree(sound_and_unsound, folder)
    dataset = build(folder, [*GOOD, *BAD], max_unreadable=0.9)
    loader = DataLoader(
        ClassBalancedDataset(dataset, 1e-3),
        None,
        num_workers=3,
        multiprocessing_context='fork',
        persistent_workers=persistent,
    )
    logger = MMLogger.get_instance(f'unreadable {persistent}')
    messages = []
    logger.handlers[0].emit = lambda record: messages.append(record.getMessage())
    hook = HOOKS.build(dict(type='UnreadableClipsHook'))
    for epoch in range(2):
        runner = SimpleNamespace(train_dataloader=loader, epoch=epoch)
        hook.before_train_epoch(runner)
        assert {sample['data_samples'].video_id for sample in loader} <= {*GOOD, 'empty.mp4'}
        hook.after_train_epoch(runner)
        shutil.copy(folder / GOOD[0], folder / 'empty.mp4')
    summaries = [message for message in messages if 'could not be read in epoch' in message]
    assert len(summaries) == 2
    assert '9 of the 12 clips' in summaries[0]
    assert f'in epoch 1: {", ".join(BAD)}; others took their places' in summaries[0]
    assert '8 of the 12 clips' in summaries[1]
    assert 'empty.mp4' not in summaries[1]


def test_hook_counts_every_list_of_several(sound_and_unsound, monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmaction_microaction.engine.hooks.unreadable_clips_hook.print_log', lambda text, **_: messages.append(text)
    )
    parts = [build(sound_and_unsound, [*GOOD, name], max_unreadable=0.25) for name in ('empty.mp4', 'text.mp4')]
    runner = SimpleNamespace(train_dataloader=SimpleNamespace(dataset=ConcatDataset(parts)), epoch=0)
    hook = HOOKS.build(dict(type='UnreadableClipsHook'))
    for _ in range(2):
        hook.before_train_epoch(runner)
        assert parts[0].prepare_data(3) is parts[1].prepare_data(3) is None
        hook.after_train_epoch(runner)
    assert [message.count('1 of the 4 clips') for message in messages] == [1] * 4
    assert [name in message for name, message in zip(['empty.mp4', 'text.mp4'] * 2, messages)] == [True] * 4


def test_hook_adds_up_what_processes_have_read(sound_and_unsound, monkeypatch):
    dataset = build(sound_and_unsound, [*GOOD, 'empty.mp4', 'text.mp4'], max_unreadable=0.2)
    dataset.prepare_data(3)
    # What the other of two processes has met.
    monkeypatch.setattr(
        'mmaction_microaction.engine.hooks.unreadable_clips_hook.all_gather_object', lambda own: [own, [4]]
    )
    runner = SimpleNamespace(train_dataloader=SimpleNamespace(dataset=dataset), epoch=6)
    with pytest.raises(
        ValueError, match=r'2 of the 5 .* epoch 7: empty\.mp4, text\.mp4\. That is more than max_unread'
    ):
        HOOKS.build(dict(type='UnreadableClipsHook')).after_train_epoch(runner)


def test_spawned_workers_share_what_they_could_not_read(sound_and_unsound):
    dataset = build(sound_and_unsound, [*GOOD, 'empty.mp4'], max_unreadable=0.25)
    # How a dataset is handed to a spawned process.
    handed = pickle.loads(ForkingPickler.dumps(dataset))
    assert handed.prepare_data(3) is None
    assert dataset.unreadable.of_epoch() == [3]
