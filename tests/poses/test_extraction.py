"""Poses of many videos, with an estimator that takes bright squares for people, and the command."""

import os
import runpy
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.bright_squares import write_squares
from helpers.processes import start
from helpers.support import ROOT
from mmaction.datasets import PoseDataset

from mmaction_microaction.cli import main
from mmaction_microaction.poses import PoseSettings, extract_poses, find_pose_videos
from mmaction_microaction.structures.poses import read_poses, write_poses

SETTINGS = PoseSettings(smoothing=0)


@pytest.fixture
def videos(tmp_path):
    """Write three videos in a folder and its subfolder: a person, nobody, a person who moves."""
    folder = tmp_path / 'videos'
    (folder / 'P01').mkdir(parents=True)
    write_squares(folder / 'P01/a.mp4', [[(10, 20, 24)]] * 5)
    write_squares(folder / 'b.mp4', [[]] * 3)
    write_squares(folder / 'c.mp4', [[(10 + 2 * t, 20, 30)] for t in range(7)])
    return folder


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs the command and returns what it prints, without the progress bar."""

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', ['extract_poses.py', *map(str, arguments), '--workers', '1'])
        try:
            runpy.run_path(str(ROOT / 'tools/extract_poses.py'), run_name='__main__')
        finally:
            printed = capsys.readouterr().out
        return printed.splitlines()[-3:]

    return run


@pytest.mark.usefixtures('squares')
def test_poses_are_written_once_and_counted(videos, tmp_path, command):
    (videos / 'notes.txt').write_text('no video')
    out = tmp_path / 'new/poses.pkl'
    first = command(videos, '--out', out, '--smoothing', 0)
    assert first == [
        f'3 videos in {out}, 0 of them already done',
        '15 frames: someone present in 12, nobody in 3',
        f'videos without a person: 1: {videos / "b.mp4"}',
    ]
    assert [path.name for path in out.parent.iterdir()] == ['poses.pkl']
    moving = read_poses(out)[2]
    assert (moving.frame_dir, moving.label, moving.layout, moving.fps) == ('c', -1, 'blazepose33', 10)
    assert moving.source == {**SETTINGS._asdict(), 'video_size': os.path.getsize(videos / 'c.mp4')}
    np.testing.assert_allclose(moving.keypoint[0, :, 0, 0], 10 + 2 * np.arange(7), atol=1)
    content = out.read_bytes()
    assert command(videos, '--out', out, '--smoothing', 0) == [first[0].replace('0 of them', '3 of them'), *first[1:]]
    assert out.read_bytes() == content


@pytest.mark.usefixtures('squares')
def test_labels_of_a_list_are_written_and_mmaction2_reads_them(videos, tmp_path, command):
    (tmp_path / 'list.txt').write_text('c.mp4 9\nP01/a.mp4 24\n')
    out = tmp_path / 'poses.pkl'
    command(videos, '--out', out, '--ann-file', tmp_path / 'list.txt', '--layout', 'ma52_28', '--people', 2)
    dataset = PoseDataset(str(out), pipeline=[])
    samples = [dataset.get_data_info(index) for index in range(len(dataset))]
    assert [(s['frame_dir'], s['label'], s['keypoint'].shape) for s in samples] == [
        ('c', 9, (1, 7, 28, 2)), ('P01/a', 24, (1, 5, 28, 2)),
    ]  # fmt: skip
    # Corrected labels are written without a new search.
    (tmp_path / 'list.txt').write_text('c.mp4 10\nP01/a.mp4 24\n')
    before = read_poses(out)[0].keypoint
    lines = command(videos, '--out', out, '--ann-file', tmp_path / 'list.txt', '--layout', 'ma52_28', '--people', 2)
    assert lines[0] == f'2 videos in {out}, 2 of them already done'
    assert [poses.label for poses in read_poses(out)] == [10, 24]
    np.testing.assert_array_equal(read_poses(out)[0].keypoint, before)


def test_names_of_a_list_need_not_contain_the_body_part(videos, tmp_path):
    (tmp_path / 'list.txt').write_text('0001_05_0001.mp4 24\n')  # Label 24 is of body part 3.
    [video] = find_pose_videos([videos], tmp_path / 'list.txt')
    assert (video.name, video.label) == ('0001_05_0001', 24)


def test_an_interrupted_command_says_how_to_continue(videos, tmp_path, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr('mmaction_microaction.poses.extract_poses', interrupt)
    with pytest.raises(SystemExit, match='130'):
        main('poses', [str(videos), '--out', str(tmp_path / 'poses.pkl')])
    assert capsys.readouterr().err == 'interrupted; the same command goes on after the last finished video\n'


def test_settings_out_of_range_are_reported_without_a_progress_bar(videos, tmp_path, capsys):
    with pytest.raises(SystemExit, match=r'^error: people 0: must be'):
        main('poses', [str(videos), '--out', str(tmp_path / 'poses.pkl'), '--people', '0'])
    assert capsys.readouterr().out == ''


def test_labels_outside_of_the_label_set_are_rejected(videos, tmp_path, command):
    (tmp_path / 'list.txt').write_text('c.mp4 52\n')
    with pytest.raises(SystemExit, match=r'^error: .*list\.txt.*52'):
        command(videos, '--out', tmp_path / 'poses.pkl', '--ann-file', tmp_path / 'list.txt')
    (tmp_path / 'names.txt').write_text(''.join(f'class {index}\n' for index in range(60)))
    assert find_pose_videos([videos], tmp_path / 'list.txt', _label_set(tmp_path / 'names.txt'))[0].label == 52


def _label_set(path):
    from mmaction_microaction.label_sets import get_label_set

    return get_label_set(str(path))


def test_names_are_relative_to_the_folder_without_the_extension(videos):
    assert [video.name for video in find_pose_videos([videos])] == ['P01/a', 'b', 'c']
    found = find_pose_videos([videos / 'c.mp4', videos / 'P01'])
    assert [(video.name, video.path) for video in found] == [('c', videos / 'c.mp4'), ('a', videos / 'P01/a.mp4')]


def test_placeholders_of_an_anonymised_list_are_no_labels(videos, tmp_path):
    (tmp_path / 'list.txt').write_text('test0001.mp4 0\ntest0002.mp4 0\n')
    assert [(video.name, video.label) for video in find_pose_videos([videos], tmp_path / 'list.txt')] == [
        ('test0001', -1), ('test0002', -1),
    ]  # fmt: skip
    (tmp_path / 'list.txt').write_text(f'{videos}/c.mp4 9\n')  # an absolute path
    assert find_pose_videos([tmp_path], tmp_path / 'list.txt') == [(f'{videos}/c', videos / 'c.mp4', 9)]


def test_videos_of_the_same_name_and_missing_ones_are_rejected(videos, tmp_path):
    (videos / 'c.avi').touch()
    with pytest.raises(ValueError, match=r'c\.avi and .*c\.mp4 would have the same name, c,.* rename'):
        find_pose_videos([videos])
    with pytest.raises(FileNotFoundError, match=r'none: no such video or folder'):
        find_pose_videos([tmp_path / 'none'])
    (tmp_path / 'list.txt').write_text('c.mp4 9\n')
    with pytest.raises(ValueError, match=r'list\.txt: .*one folder'):
        find_pose_videos([videos / 'c.mp4'], tmp_path / 'list.txt')


@pytest.mark.usefixtures('squares')
def test_unreadable_videos_are_named_at_the_end_and_found_later(videos, tmp_path, command):
    out = tmp_path / 'poses.pkl'
    (tmp_path / 'list.txt').write_text('a.mp4 0\nc.mp4 9\nd.mp4 24\n')
    (videos / 'a.mp4').write_bytes(b'nothing')
    arguments = (videos, '--out', out, '--ann-file', tmp_path / 'list.txt')
    with pytest.raises(SystemExit, match=r'^error: 2 videos could not be read: .*a\.mp4.*d\.mp4: no such video'):
        command(*arguments)
    assert [poses.frame_dir for poses in read_poses(out)] == ['c']
    for name in ('a', 'd'):
        write_squares(videos / f'{name}.mp4', [[(10, 20, 24)]] * 2)
    assert command(*arguments)[0] == f'3 videos in {out}, 1 of them already done'
    assert [(poses.frame_dir, poses.label) for poses in read_poses(out)] == [('a', 0), ('c', 9), ('d', 24)]


@pytest.mark.usefixtures('squares')
def test_without_a_readable_video_no_file_is_written(tmp_path, command):
    (tmp_path / 'a.mp4').write_bytes(b'nothing')
    with pytest.raises(SystemExit, match=r'^error: 1 video could not be read: .*a\.mp4'):
        command(tmp_path / 'a.mp4', '--out', tmp_path / 'poses.pkl')
    assert [path.name for path in tmp_path.iterdir()] == ['a.mp4']


@pytest.mark.parametrize(
    ('changed', 'layout', 'message'),
    [
        ({}, 'coco17', 'layout blazepose33, not coco17'),
        ({'people': 2}, None, 'people 1, not 2'),
        ({'every': 2, 'smoothing': 0.1}, None, r'every 1, not 2; smoothing 0, not 0\.1'),
    ],
)
def test_poses_of_other_settings_are_refused_before_the_first_video(
    videos, tmp_path, squares, changed, layout, message
):
    out = tmp_path / 'poses.pkl'
    known = find_pose_videos([videos / 'c.mp4'])
    extract_poses(known, out, SETTINGS)
    content, squares.num_calls = out.read_bytes(), 0
    with pytest.raises(ValueError, match=rf'poses\.pkl contains poses of c of other settings .*\({message}\)'):
        extract_poses(find_pose_videos([videos]), out, SETTINGS._replace(**changed), layout)
    assert (out.read_bytes(), squares.num_calls) == (content, 0)


@pytest.mark.usefixtures('squares')
def test_a_file_of_other_videos_is_not_overwritten(videos, tmp_path, capsys):
    out = tmp_path / 'poses.pkl'
    extract_poses(find_pose_videos([videos]), out, SETTINGS)
    content = out.read_bytes()
    with pytest.raises(ValueError, match=r'poses\.pkl .* not among these: P01/a, b; .* pass those videos too'):
        extract_poses(find_pose_videos([videos / 'c.mp4']), out, SETTINGS)
    write_squares(tmp_path / 'c.mp4', [[(40, 20, 30)]] * 9)  # another video with the name of one of these
    write_poses([poses for poses in read_poses(out) if poses.frame_dir == 'c'], tmp_path / 'c.pkl')
    with pytest.raises(ValueError, match=r'c\.pkl contains poses of c .*another video \(video size \d+, not \d+\)'):
        extract_poses(find_pose_videos([tmp_path / 'c.mp4']), tmp_path / 'c.pkl', SETTINGS)
    (tmp_path / 'notes.txt').write_text('mine')
    with pytest.raises(ValueError, match=r'notes\.txt'):
        extract_poses(find_pose_videos([videos]), tmp_path / 'notes.txt', SETTINGS)
    assert (out.read_bytes(), (tmp_path / 'notes.txt').read_text()) == (content, 'mine')


# The estimator of this process kills it as soon as it sees the second frame of the third video.
KILLED = f"""
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / 'tests')!r})
from helpers.bright_squares import SquareEstimator
from mmaction_microaction.poses import PoseSettings, extract_poses, extraction, find_pose_videos
class Deadly(SquareEstimator):
    def __call__(self, image):
        if self.num_calls == 5 + 3 + 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(image)
estimator = Deadly()
extraction.make_estimator = extraction._cached_estimator = lambda *_: estimator
extract_poses(find_pose_videos([sys.argv[1]]), Path(sys.argv[2]), PoseSettings(smoothing=0))
"""


def test_a_killed_run_is_continued_with_the_same_settings_only(videos, tmp_path, squares):
    out, log = tmp_path / 'poses.pkl', tmp_path / 'log'
    process = start(KILLED, videos, out, output=log, errors=log)
    process.join()
    assert process.exitcode == -signal.SIGKILL, log.read_text()
    assert not out.exists()
    parts = tmp_path / 'poses.pkl.parts'
    assert len(list(parts.glob('*.pkl'))) == 2
    found = find_pose_videos([videos])
    with pytest.raises(ValueError, match=r'poses\.pkl\.parts contains .*\(people 1, not 2\)'):
        extract_poses(found, out, SETTINGS._replace(people=2))
    assert squares.num_calls == 0
    results = extract_poses(found, out, SETTINGS)
    assert [(result.video, result.is_new) for result in results] == [
        (videos / 'P01/a.mp4', False), (videos / 'b.mp4', False), (videos / 'c.mp4', True),
    ]  # fmt: skip
    assert squares.num_calls == 7
    assert not parts.exists()
    extract_poses(found, tmp_path / 'in one go.pkl', SETTINGS)
    assert out.read_bytes() == (tmp_path / 'in one go.pkl').read_bytes()


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.usefixtures('networks')
def test_several_processes_write_the_same_poses_as_one(shared, tmp_path):
    found = find_pose_videos([shared / 'ma52/samples' / name for name in ('0010_02_0101.mp4', '0019_02_0078.mp4')])
    for workers in (1, 2):
        results = extract_poses(found, tmp_path / f'{workers}.pkl', PoseSettings(every=8), workers=workers)
        assert [(result.num_frames, result.num_present) for result in results] == [(47, 47), (50, 50)]
    assert (tmp_path / '1.pkl').read_bytes() == (tmp_path / '2.pkl').read_bytes()
    assert not list(Path(tmp_path).glob('*.parts'))
