"""The store itself, and how it is made."""

import os
import pickle
import resource
import shutil
import signal
import sqlite3
import time

import av
import cv2
import numpy as np
import pytest
from helpers.processes import start
from helpers.support import ROOT, psnr, wait_until_gone, write_clip

from mmaction_microaction.datasets.frame_store import FrameSettings, FrameStore, FrameStoreWriter
from mmaction_microaction.datasets.preparation.frame_store import make_frame_store

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
    """Write a video of smooth colours that differ by channel and time; x264 with all its colour, odd sides allowed."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options={'crf': '1'})
        stream.width, stream.height, stream.pix_fmt = width, height, 'yuv444p'
        for number in range(num_frames):
            frame = np.stack([x, y, np.full_like(x, 20 * number)], axis=-1).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format='rgb24')))
        container.mux(stream.encode(None))


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """A data folder with a val split of odd clips."""
    root = tmp_path_factory.mktemp('clips with spaces')
    (root / 'videos_val' / 'two').mkdir(parents=True)
    for name, shape in SHAPES.items():
        write_ramp(root / 'videos_val' / name, *shape)
    (root / 'val_list_videos.txt').write_text(''.join(f'{name} 3\n' for name in SHAPES), encoding='utf-8')
    return root


def make(root, path, settings=SETTINGS, **kwargs):
    return make_frame_store(root / 'val_list_videos.txt', root / 'videos_val', path, settings, **kwargs)


@pytest.fixture(scope='module')
def made(data):
    path = data / 'frames_val'
    assert make(data, path) == len(SHAPES)
    return path


@pytest.fixture
def copy(made, tmp_path):
    return shutil.copy(made, tmp_path / 'frames_val')


@pytest.fixture
def many(tmp_path):
    """A data folder with 60 names for one clip."""
    (tmp_path / 'videos_val').mkdir()
    write_clip(tmp_path / 'clip.mp4', num_frames=40, size=(160, 120))
    names = [f'{number:02d}.mp4' for number in range(60)]
    for name in names:
        os.link(tmp_path / 'clip.mp4', tmp_path / 'videos_val' / name)
    (tmp_path / 'val_list_videos.txt').write_text(''.join(f'{name} 0\n' for name in names))
    return tmp_path


def content(path):
    """Everything in a store, by clip."""
    store = FrameStore(path)
    clips = [store.find(name) for name in store.names()]
    return {clip.name: (clip.fps, store.read(clip, range(clip.num_frames))) for clip in clips}


@pytest.mark.parametrize('name', SHAPES)
def test_holds_every_frame_small_and_in_the_right_colours(made, data, name):
    num_frames, width, height = SHAPES[name]
    fps, jpegs = content(made)[name]
    assert (fps, sorted(jpegs)) == (25, list(range(num_frames)))
    # Sizes worked out as MMAction2's Resize does: shorter side 48, the other rounded; never enlarged.
    scale = min(48 / min(width, height), 1)
    with av.open(str(data / 'videos_val' / name)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            image = cv2.imdecode(np.frombuffer(jpegs[number], np.uint8), cv2.IMREAD_COLOR_RGB)
            assert image.shape == (int(height * scale + 0.5), int(width * scale + 0.5), 3)
            expected = cv2.resize(frame.to_ndarray(format='rgb24'), image.shape[1::-1])
            assert psnr(image, expected) > 38
            assert psnr(image[..., ::-1], expected) < 20


def test_is_found_and_read_by_number(made):
    store = FrameStore(made)
    assert store.settings == SETTINGS
    assert store.names() == set(SHAPES)
    clip = store.find('wide.mp4')
    assert clip.num_frames == 12
    assert store.read(clip, np.array([3, 7, 3])) == {n: content(made)['wide.mp4'][1][n] for n in (3, 7)}
    with pytest.raises(ValueError, match=r'lacks the clip none\.mp4, or is damaged\. Delete it and make it again with'):
        store.find('none.mp4')


def test_can_be_pickled_after_reading(made):
    store = FrameStore(made)
    store.names()
    assert pickle.loads(pickle.dumps(store)).names() == set(SHAPES)


def test_second_run_changes_nothing(made, data):
    before = made.read_bytes()
    assert make(data, made) == 0
    assert made.read_bytes() == before


@pytest.mark.parametrize(
    ('settings', 'message'),
    [(FrameSettings(64, 90), 'short_side=48, quality=90'), (FrameSettings(48, 80), 'quality=90.*not.*quality=80')],
)
def test_refuses_a_store_of_other_settings(made, data, settings, message):
    with pytest.raises(ValueError, match=f'frames_val was made with .*{message}.*Delete it'):
        make(data, made, settings)


@pytest.mark.parametrize('settings', [FrameSettings(0, 90), FrameSettings(48, 101)])
def test_refuses_impossible_settings(data, tmp_path, settings):
    with pytest.raises(ValueError, match='short_side is at least 1, quality is 0 to 100'):
        make(data, tmp_path / 'frames_val', settings)
    assert not list(tmp_path.iterdir())


def test_refuses_a_store_of_other_clips(made, data, tmp_path):
    (tmp_path / 'videos_val').mkdir()
    (tmp_path / 'val_list_videos.txt').write_text('wide.mp4 3\nnew.mp4 3\n')
    with pytest.raises(ValueError, match=r'frames_val lacks 1 clips of .*val_list_videos\.txt, new\.mp4 for one'):
        make(tmp_path, made)
    with FrameStoreWriter(tmp_path / 'frames_val', SETTINGS) as writer:
        writer.add('old.mp4', 25.0, [b''])
    with pytest.raises(ValueError, match=r'frames_val\.part has 1 clips that are not in .*, old\.mp4 for one'):
        make(tmp_path, tmp_path / 'frames_val')
    with pytest.raises(ValueError, match=r'frames_val\.part was begun with .*quality=90.*not .*quality=80'):
        make(tmp_path, tmp_path / 'frames_val', FrameSettings(48, 80))


def test_names_every_clip_that_cannot_be_read_and_publishes_nothing(data, tmp_path):
    shutil.copytree(data / 'videos_val', tmp_path / 'videos_val')
    shutil.copy(data / 'val_list_videos.txt', tmp_path)
    (tmp_path / 'videos_val' / 'odd.mp4').write_bytes(b'no video at all')
    (tmp_path / 'videos_val' / 'small.mp4').unlink()
    path = tmp_path / 'frames_val'
    with pytest.raises(ValueError, match=r'2 of the 7 clips .* odd\.mp4 \(.*small\.mp4 \(.*No such file.*run again'):
        make(tmp_path, path)
    assert not path.exists()
    for name in ('odd.mp4', 'small.mp4'):
        shutil.copy(data / 'videos_val' / name, tmp_path / 'videos_val')
    assert make(tmp_path, path) == 2
    assert content(path).keys() == SHAPES.keys()


def test_video_that_vanishes_while_others_are_read_is_named(data, tmp_path):
    shutil.copytree(data / 'videos_val', tmp_path / 'videos_val')
    shutil.copy(data / 'val_list_videos.txt', tmp_path)

    def remove_after_the_first(done, total):
        assert total == 7
        (tmp_path / 'videos_val' / 'small.mp4').unlink(missing_ok=True)

    with pytest.raises(ValueError, match=r'1 of the 7 clips .* small\.mp4 \('):
        make(tmp_path, tmp_path / 'frames_val', progress=remove_after_the_first)


def test_video_that_has_lost_frames_is_named(data, tmp_path):
    shutil.copytree(data / 'videos_val', tmp_path / 'videos_val')
    shutil.copy(data / 'val_list_videos.txt', tmp_path)
    path = tmp_path / 'videos_val' / 'odd.mp4'
    content = bytearray(path.read_bytes())
    start = content.index(b'mdat') + 4
    length = int.from_bytes(content[start - 8 : start - 4], 'big') - 8
    content[start + length // 2 : start + length] = bytes(length - length // 2)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r'1 of the 7 clips .*: odd\.mp4 \(.* cannot be decoded'):
        make(tmp_path, tmp_path / 'frames_val')
    assert not (tmp_path / 'frames_val').exists()


def test_no_flipped_bit_passes(copy):
    sound, file = content(copy), copy.read_bytes()
    rng = np.random.default_rng(0)
    frames = [jpeg for _, jpegs in sound.values() for jpeg in jpegs.values()]
    starts = [file.index(jpeg) for jpeg in frames]
    in_frames = [start + int(rng.integers(len(jpeg))) for start, jpeg in zip(starts, frames)]
    anywhere = [*range(0, 2 * 8192, 64), *rng.integers(2 * 8192, len(file), 50)]  # tables first, which are small
    for place in in_frames + anywhere:
        damaged = bytearray(file)
        damaged[place] ^= 1 << rng.integers(8)
        copy.write_bytes(damaged)
        try:
            found = content(copy)
        except ValueError as error:
            message = str(error)
        else:
            # Unused space, or the name of a clip, which is then missing. What is there is as it was.
            assert place not in in_frames
            assert found.items() <= sound.items()
            continue
        assert str(copy) in message
        assert 'tools/make_frame_store.py' in message


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (lambda path: os.truncate(path, path.stat().st_size // 2), 'is damaged, or not a frame store'),
        (lambda path: os.truncate(path, 0), 'is not a frame store, or incomplete'),
        (lambda path: path.write_bytes(b'a video, perhaps' * 1000), 'is damaged, or not a frame store'),
        (lambda path: edit(path, 'PRAGMA user_version = 2'), 'is a frame store of version 2, not 1'),
        (lambda path: edit(path, 'PRAGMA application_id = 0'), 'is not a frame store, or incomplete'),
        (lambda path: edit(path, 'DELETE FROM frames'), 'is damaged: frame 0 of '),
        (lambda path: edit(path, 'UPDATE clips SET num_frames = 1'), 'is damaged: frame 0 of '),
        (lambda path: edit(path, 'UPDATE frames SET jpeg = "text"'), 'is damaged: frame 0 of '),
        (lambda path: edit(path, 'UPDATE clips SET first_id = 12 WHERE first_id = 0'), r'frame 0 of wide\.mp4'),
    ],
    ids=['truncated', 'empty', 'foreign', 'version', 'unfinished', 'lost', 'shortened', 'text', 'mixed up'],
)
def test_broken_stores_say_so(copy, damage, message):
    damage(copy)
    with pytest.raises(ValueError, match=message) as error:
        content(copy)
    assert str(copy) in str(error.value)
    assert 'Delete it and make it again with tools/make_frame_store.py.' in str(error.value)


def edit(path, statement):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ('statements', 'message'),
    [
        ('ALTER TABLE clips RENAME TO c; CREATE VIEW clips AS SELECT * FROM c', 'other tables than a frame store'),
        ('CREATE TABLE more (a, b AS (zeroblob(1000000000)))', 'other tables than a frame store'),
        ("UPDATE clips SET num_frames = 'many'", 'other types than it was written with'),
        ('UPDATE clips SET fps = zeroblob(10)', 'other types than it was written with'),
    ],
)
def test_a_store_is_no_database_of_anything_else(copy, statements, message):
    connection = sqlite3.connect(copy)
    connection.executescript(statements)
    connection.close()
    with pytest.raises(ValueError, match=message) as error:
        FrameStore(copy).find('wide.mp4')
    assert str(copy) in str(error.value)


def test_missing_store_says_how_it_is_made(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none: no such frame store\. Make it with tools/make_frame_store\.py'):
        FrameStore(tmp_path / 'none')


def test_only_one_process_writes(data, tmp_path):
    with (
        FrameStoreWriter(tmp_path / 'frames_val', SETTINGS),
        pytest.raises(OSError, match=r'frames_val\.part: .*locked.*[Aa]nother process is writing it'),
    ):
        make(data, tmp_path / 'frames_val')


def test_goes_on_after_a_full_disk(many):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
    try:
        with pytest.raises(OSError, match=r'frames_val\.part: .*Finished clips are kept'):
            make(many, many / 'frames_val')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (many / 'frames_val').exists()
    new = make(many, many / 'frames_val')
    assert 0 < new < 60
    assert len(content(many / 'frames_val')) == 60


@pytest.mark.slow
def test_goes_on_after_a_kill(many):
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
    wait_until_gone(process.pid)  # the workers, too

    new = make(many, many / 'frames_val')
    assert 0 < new < 60
    assert not list(many.glob('*.part*'))
    make(many, many / 'in one go')
    assert content(many / 'frames_val') == content(many / 'in one go')


@pytest.mark.real_data
def test_real_clips_stay_as_close_as_documented(shared, tmp_path):
    names = ['0010_02_0101.mp4', '0019_02_0078.mp4', '0020_01_0008.mp4', '0030_01_0002.mp4']
    (tmp_path / 'val_list_videos.txt').write_text(''.join(f'{name} 0\n' for name in names))
    (tmp_path / 'videos_val').symlink_to(shared / 'ma52' / 'samples')
    make(tmp_path, tmp_path / 'frames_val', FrameSettings(256, 90))
    frames = content(tmp_path / 'frames_val')
    assert [len(frames[name][1]) for name in names] == [47, 50, 56, 75]
    reader = cv2.VideoCapture(str(shared / 'ma52' / 'samples' / names[0]))
    for number in range(47):
        image = cv2.imdecode(np.frombuffer(frames[names[0]][1][number], np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (307, 256, 3)
        assert psnr(image, cv2.resize(reader.read()[1], (256, 307))) > 41
