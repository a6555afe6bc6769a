"""Frame stores are made from videos, and continued after an interruption."""

import os
import resource
import shutil
import signal
import time

import av
import cv2
import numpy as np
import pytest
from helpers.frame_stores import SETTINGS, SHAPES, make_store, read_store
from helpers.label_sets import TWO_HUNDRED
from helpers.mma52 import write_table
from helpers.people import FakeEstimator
from helpers.poses import make_poses
from helpers.processes import run_tool, start
from helpers.support import ROOT, psnr, wait_until_gone, write_clip

from mmaction_microaction.datasets import ClipDataset, MMA52Dataset, PoseClipDataset
from mmaction_microaction.datasets.frame_store import FrameSettings, FrameStore, FrameStoreWriter
from mmaction_microaction.structures.poses import write_poses
from mmaction_microaction.video.reader import Video


@pytest.fixture
def many(tmp_path):
    """Write a data folder with 60 names of one clip."""
    (tmp_path / 'videos_val').mkdir()
    write_clip(tmp_path / 'clip.mp4', num_frames=40, size=(160, 120))
    names = [f'{index:02d}.mp4' for index in range(60)]
    for name in names:
        os.link(tmp_path / 'clip.mp4', tmp_path / 'videos_val' / name)
    (tmp_path / 'val_list_videos.txt').write_text(''.join(f'{name} 0\n' for name in names))
    return tmp_path


@pytest.mark.parametrize('name', SHAPES)
def test_every_frame_is_stored_small_and_in_correct_colours(store_path, odd_clips, name):
    num_frames, width, height = SHAPES[name]
    fps, jpegs = read_store(store_path)[name]
    assert (fps, sorted(jpegs)) == (25, list(range(num_frames)))
    # Sizes of MMAction2's Resize: the shorter side is 48, the longer side is rounded, and frames are never enlarged.
    scale = min(48 / min(width, height), 1)
    with av.open(str(odd_clips / 'videos_val' / name)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            image = cv2.imdecode(np.frombuffer(jpegs[index], np.uint8), cv2.IMREAD_COLOR_RGB)
            assert image.shape == (int(height * scale + 0.5), int(width * scale + 0.5), 3)
            expected = cv2.resize(frame.to_ndarray(format='rgb24'), image.shape[1::-1])
            assert psnr(image, expected) > 38
            assert psnr(image[..., ::-1], expected) < 20


def test_second_run_changes_nothing(store_path, odd_clips):
    before = store_path.read_bytes()
    assert make_store(odd_clips, store_path) == 0
    assert store_path.read_bytes() == before


@pytest.mark.parametrize(
    ('settings', 'message'),
    [(FrameSettings(64, 90), 'short_side=48, quality=90'), (FrameSettings(48, 80), 'quality=90.*not.*quality=80')],
)
def test_refuses_a_store_of_other_settings(store_path, odd_clips, settings, message):
    with pytest.raises(ValueError, match=f'frames_val was made with .*{message}.*--out.*, or delete it'):
        make_store(odd_clips, store_path, settings)


@pytest.mark.parametrize('settings', [FrameSettings(0, 90), FrameSettings(48, 101), FrameSettings(48, 90, 'person')])
def test_refuses_impossible_settings(odd_clips, tmp_path, settings):
    with pytest.raises(ValueError, match='short_side is at least 1, quality is 0 to 100'):
        make_store(odd_clips, tmp_path / 'frames_val', settings)
    assert not list(tmp_path.iterdir())


def test_refuses_a_store_of_other_clips(store_path, odd_clips, tmp_path):
    (tmp_path / 'videos_val').mkdir()
    (tmp_path / 'val_list_videos.txt').write_text('wide.mp4 3\nnew.mp4 3\n')
    with pytest.raises(ValueError, match=r'frames_val lacks 1 clip of .*val_list_videos\.txt, .*new\.mp4'):
        make_store(tmp_path, store_path)
    with FrameStoreWriter(tmp_path / 'frames_val', SETTINGS) as writer:
        writer.add('old.mp4', 25.0, [b''])
    with pytest.raises(ValueError, match=r'frames_val\.part has 1 clip that .* not list, .*old\.mp4'):
        make_store(tmp_path, tmp_path / 'frames_val')
    with pytest.raises(ValueError, match=r'frames_val\.part .*quality=90.*but .*quality=80'):
        make_store(tmp_path, tmp_path / 'frames_val', FrameSettings(48, 80))


def test_unreadable_clips_are_named_and_no_store_is_published(odd_clips, tmp_path):
    shutil.copytree(odd_clips / 'videos_val', tmp_path / 'videos_val')
    shutil.copy(odd_clips / 'val_list_videos.txt', tmp_path)
    (tmp_path / 'videos_val' / 'odd.mp4').write_bytes(b'no video at all')
    (tmp_path / 'videos_val' / 'small.mp4').unlink()
    path = tmp_path / 'frames_val'
    with pytest.raises(ValueError, match=r'2 of the 7 clips .* odd\.mp4 \(.*small\.mp4 \(.*No such file.*run again'):
        make_store(tmp_path, path)
    assert not path.exists()
    for name in ('odd.mp4', 'small.mp4'):
        shutil.copy(odd_clips / 'videos_val' / name, tmp_path / 'videos_val')
    assert make_store(tmp_path, path) == 2
    assert read_store(path).keys() == SHAPES.keys()


def test_missing_folder_is_named(odd_clips, tmp_path):
    shutil.copy(odd_clips / 'val_list_videos.txt', tmp_path)
    with pytest.raises(FileNotFoundError, match=r'videos_val: no such folder; .*--videos'):
        make_store(tmp_path, tmp_path / 'frames_val')


def test_video_that_vanishes_while_others_are_read_is_named(odd_clips, tmp_path):
    shutil.copytree(odd_clips / 'videos_val', tmp_path / 'videos_val')
    shutil.copy(odd_clips / 'val_list_videos.txt', tmp_path)

    def remove_after_the_first(done, total):
        assert total == 7
        (tmp_path / 'videos_val' / 'small.mp4').unlink(missing_ok=True)

    with pytest.raises(ValueError, match=r'1 of the 7 clips .* small\.mp4 \('):
        make_store(tmp_path, tmp_path / 'frames_val', progress=remove_after_the_first)


def test_video_with_lost_frames_is_named(odd_clips, tmp_path):
    shutil.copytree(odd_clips / 'videos_val', tmp_path / 'videos_val')
    shutil.copy(odd_clips / 'val_list_videos.txt', tmp_path)
    path = tmp_path / 'videos_val' / 'odd.mp4'
    content = bytearray(path.read_bytes())
    start = content.index(b'mdat') + 4
    length = int.from_bytes(content[start - 8 : start - 4], 'big') - 8
    content[start + length // 2 : start + length] = bytes(length - length // 2)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'1 of the 7 clips .*: odd\.mp4 \(.* cannot be decoded'):
        make_store(tmp_path, tmp_path / 'frames_val')
    assert not (tmp_path / 'frames_val').exists()


def test_only_one_process_writes(odd_clips, tmp_path):
    with (
        FrameStoreWriter(tmp_path / 'frames_val', SETTINGS),
        pytest.raises(OSError, match=r'frames_val\.part: .*locked.*[Aa]nother process is writing it'),
    ):
        make_store(odd_clips, tmp_path / 'frames_val')


def test_store_is_continued_after_a_full_disk(many):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        with pytest.raises(OSError, match=r'frames_val\.part: .*Finished clips are kept'):
            make_store(many, many / 'frames_val')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (many / 'frames_val').exists()
    new = make_store(many, many / 'frames_val')
    assert 0 < new < 60
    assert len(read_store(many / 'frames_val')) == 60


@pytest.mark.slow
def test_store_is_continued_after_a_kill(many):
    args = [many, '--splits', 'val', '--workers', 2, '--size', 48]
    process = start(ROOT / 'tools' / 'make_frame_store.py', *args, output=many / 'log', errors=many / 'log')
    unfinished = many / 'frames_val.part'
    deadline = time.monotonic() + 400
    while not (unfinished.exists() and unfinished.stat().st_size > 500_000):
        assert process.exitcode is None, (many / 'log').read_text()
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert unfinished.exists()
    assert not (many / 'frames_val').exists()
    wait_until_gone(process.pid)  # The workers have ended, too.

    new = make_store(many, many / 'frames_val')
    assert 0 < new < 60
    assert not list(many.glob('*.part*'))
    make_store(many, many / 'in one go')
    assert read_store(many / 'frames_val') == read_store(many / 'in one go')


@pytest.mark.real_data
def test_stored_real_clips_have_the_documented_quality(shared, tmp_path):
    names = ['0010_02_0101.mp4', '0019_02_0078.mp4', '0020_01_0008.mp4', '0030_01_0002.mp4']
    (tmp_path / 'val_list_videos.txt').write_text(''.join(f'{name} 0\n' for name in names))
    (tmp_path / 'videos_val').symlink_to(shared / 'ma52' / 'samples')
    make_store(tmp_path, tmp_path / 'frames_val', FrameSettings(256, 90))
    frames = read_store(tmp_path / 'frames_val')
    assert [len(frames[name][1]) for name in names] == [47, 50, 56, 75]
    reader = cv2.VideoCapture(str(shared / 'ma52' / 'samples' / names[0]))
    for index in range(47):
        image = cv2.imdecode(np.frombuffer(frames[names[0]][1][index], np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (307, 256, 3)
        assert psnr(image, cv2.resize(reader.read()[1], (256, 307))) > 41


def test_lists_of_other_label_sets_need_their_label_set(tmp_path, clip):
    videos = tmp_path / 'videos_val'
    videos.mkdir()
    (videos / 'a.mp4').symlink_to(clip)
    (tmp_path / 'val_list_videos.txt').write_text('a.mp4 199\n')
    (tmp_path / 'many.txt').write_text('\n'.join(TWO_HUNDRED.names))
    with pytest.raises(ValueError, match=r'label 199 of a\.mp4'):
        make_store(tmp_path, tmp_path / 'frames_val')
    options = ['--splits', 'val', '--workers', '1', '--label-set', 'many.txt']
    process = run_tool('make_frame_store.py', '.', *options, cwd=tmp_path)
    assert '1 new clip\n' in process.stdout
    assert list(read_store(tmp_path / 'frames_val')) == ['a.mp4']


def test_frames_are_cropped_to_the_largest_person(tmp_path, monkeypatch):
    module = 'mmaction_microaction.datasets.preparation.make_frame_store'
    # Shoulders 20 pixels wide at (160, 60): a box of 102 x 122 pixels at (109, 21). Nobody is in the second clip.
    monkeypatch.setattr(f'{module}._estimator', lambda: FakeEstimator((160, 60, 20)))
    monkeypatch.setattr(f'{module}.make_estimator', FakeEstimator)
    (tmp_path / 'videos_val').mkdir()
    write_clip(tmp_path / 'videos_val/a.mp4', num_frames=20, size=(320, 180))
    (tmp_path / 'val_list_videos.txt').write_text('a.mp4 0\n')
    cropped = FrameSettings(256, 95, 'auto')
    assert make_store(tmp_path, tmp_path / 'frames_val', cropped) == 1
    assert FrameStore(tmp_path / 'frames_val').settings == cropped
    dataset = ClipDataset(str(tmp_path / 'val_list_videos.txt'), [], dict(video=str(tmp_path / 'frames_val')))
    assert dataset.metainfo['crop'] == 'auto'  # which checkpoints will contain
    write_table(tmp_path / 'val.csv', [('a', 0, 20, 9, 20, 30)])
    detection = MMA52Dataset(
        str(tmp_path / 'val.csv'), [], dict(video=str(tmp_path / 'frames_val')), check_videos=False
    )
    assert detection.metainfo['crop'] == 'auto'
    # Poses are those of whole frames.
    write_poses([make_poses('a', 20, (180, 320))], tmp_path / 'poses.pkl')
    settings = dict(data_prefix=dict(video=str(tmp_path / 'frames_val')), pose_file=str(tmp_path / 'poses.pkl'))
    PoseClipDataset(str(tmp_path / 'val_list_videos.txt'), [], **settings)
    with pytest.raises(ValueError, match=r'frames_val contains cropped frames, .* --crop none'):
        PoseClipDataset(str(tmp_path / 'val_list_videos.txt'), [dict(type='DecodeRGBPose')], **settings)
    _, jpegs = read_store(tmp_path / 'frames_val')['a.mp4']
    originals = [frame.to_rgb() for frame in Video(tmp_path / 'videos_val/a.mp4').frames()]
    for index, original in enumerate(originals):
        image = cv2.imdecode(np.frombuffer(jpegs[index], np.uint8), cv2.IMREAD_COLOR_RGB)
        assert psnr(image, original[21:143, 109:211]) > 25 > psnr(image, original[24:146, 112:214])
    with pytest.raises(ValueError, match=r"was made with .*crop='auto'.*not.*crop='none'"):
        make_store(tmp_path, tmp_path / 'frames_val', FrameSettings(256, 95))


def test_clips_without_a_person_are_stored_whole_with_a_warning(tmp_path, monkeypatch):
    module = 'mmaction_microaction.datasets.preparation.make_frame_store'
    monkeypatch.setattr(f'{module}._estimator', FakeEstimator)
    monkeypatch.setattr(f'{module}.make_estimator', FakeEstimator)
    (tmp_path / 'videos_val').mkdir()
    write_clip(tmp_path / 'videos_val/a.mp4', num_frames=3, size=(320, 180))
    (tmp_path / 'val_list_videos.txt').write_text('a.mp4 0\n')
    with pytest.warns(UserWarning, match=r'1 of the 1 clips show no person .*a\.mp4'):
        make_store(tmp_path, tmp_path / 'frames_val', FrameSettings(256, 95, 'auto'))
    _, jpegs = read_store(tmp_path / 'frames_val')['a.mp4']
    assert cv2.imdecode(np.frombuffer(jpegs[0], np.uint8), cv2.IMREAD_COLOR).shape == (180, 320, 3)


def test_a_missing_connection_ends_the_command_before_the_first_clip(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError('BlazePose cannot be downloaded')

    monkeypatch.setattr('mmaction_microaction.datasets.preparation.make_frame_store.make_estimator', fail)
    (tmp_path / 'videos_val').mkdir()
    (tmp_path / 'val_list_videos.txt').write_text('a.mp4 0\n')
    with pytest.raises(OSError, match='BlazePose cannot be downloaded'):
        make_store(tmp_path, tmp_path / 'frames_val', FrameSettings(256, 95, 'auto'))
    assert sorted(path.name for path in tmp_path.iterdir()) == ['val_list_videos.txt', 'videos_val']
