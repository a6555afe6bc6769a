"""A network of poses from its training to the files of the challenge, and on videos."""

import json
import shutil
import sys

import numpy as np
import pytest
from helpers.bright_squares import SquareEstimator, write_squares
from helpers.networks import BASE
from helpers.pose_networks import read_pose_run, write_pose_network
from helpers.poses import make_poses
from mmengine.runner import Runner

from mmaction_microaction.structures.poses import read_poses, write_poses
from mmaction_microaction.submission import validate_submission
from mmaction_microaction.video.reader import Video


@pytest.fixture
def estimated(monkeypatch):
    """Replace the estimation by made-up poses."""
    source = 'mmaction_microaction.inference.pose_source'
    monkeypatch.setattr(f'{source}.make_estimator', lambda: None)
    monkeypatch.setattr(
        f'{source}.estimate_poses',
        lambda video, settings, progress: make_poses('clip', video.num_frames, (80, 96), num_joints=33),
    )


@pytest.mark.slow
@pytest.mark.usefixtures('undrawn')
def test_network_is_trained_tested_analysed_and_submitted(run, tiny_ma52, tmp_path):
    config, _ = write_pose_network(tmp_path, 'pose')
    # A network of poses alone needs no videos.
    data = tmp_path / 'data'
    shutil.copytree(tiny_ma52, data, ignore=shutil.ignore_patterns('*.mp4'))
    work = tmp_path / 'work'
    Runner.from_cfg(read_pose_run(config, data, work)).train()
    testing = read_pose_run(config, data, work)
    testing.load_from = str(work / 'epoch_1.pth')
    dump = tmp_path / 'scores.pkl'
    testing.test_evaluator = [testing.test_evaluator, dict(type='DumpResults', out_file_path=str(dump))]
    metrics = Runner.from_cfg(testing).test()

    status, output, errors = run('leaderboard', work)
    assert status == 0, errors
    assert f'{metrics["F1_mean"]:.2f}' in output
    status, _, errors = run('analyze', dump, '--out', tmp_path / 'report')
    assert status == 0, errors
    assert (tmp_path / 'report/report.html').is_file()
    listed = data / 'val_list_videos.txt'
    status, _, errors = run('make_submission', dump, '--ann-file', listed, '--out', tmp_path / 'upload')
    assert status == 0, errors
    assert validate_submission(tmp_path / 'upload/submission.zip', listed).problems == []

    videos = sorted((tiny_ma52 / 'videos_val').glob('*.mp4'))
    found = tmp_path / 'found.json'
    model = ['--model', config, work / 'epoch_1.pth', '--poses', data / 'poses_val.pkl']
    status, _, errors = run('demo', *videos, *model, '--json', found)
    assert status == 0, errors
    rows = (tmp_path / 'upload/prediction.csv').read_text().splitlines()[1:]
    best = [[action['label'] for action in video['actions']] for video in json.loads(found.read_text())]
    assert [[int(label) for label in row.split(',')[1:6]] for row in rows] == best


def test_skeletons_of_any_network_are_drawn(run, checkpoint, clip, tmp_path, estimated):
    config, weights = write_pose_network(tmp_path, 'pose')
    for model in ([config, weights], [BASE, checkpoint]):
        out = tmp_path / model[0].stem
        status, _, errors = run('demo', clip, '--model', *model, '--video-dir', out, '--skeleton')
        assert status == 0, errors
        plain = next(Video(clip).frames()).to_rgb()
        frame = next(Video(out / 'clip.mp4').frames()).to_rgb()
        # The clip shows a red square; green and blue are only in the skeleton.
        green = frame[: 480 * len(plain) // plain.shape[1]].astype(int) @ (-1, 2, -1)
        assert (green > 80).sum() > 100


def test_missing_package_ends_the_command(run, clip, tmp_path, monkeypatch):
    for module in ('ai_edge_litert', 'ai_edge_litert.interpreter'):
        monkeypatch.setitem(sys.modules, module, None)
    config, weights = write_pose_network(tmp_path, 'pose')
    status, _, errors = run('demo', clip, clip.parent, '--model', config, weights)
    assert status == 1
    assert errors.startswith('error: ')
    assert errors.count('\n') == 1
    assert 'pose' in errors
    assert 'pip install' in errors


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--skeleton'], '--skeleton needs --video-dir'),
        (['--poses', 'nowhere.pkl'], 'nowhere.pkl: no such file'),
        (['--json', 'POSES', '--poses', 'POSES'], 'is the file of --poses'),
    ],
)
def test_invalid_options_end_the_command(run, checkpoint, clip, tmp_path, options, message):
    config, weights = write_pose_network(tmp_path, 'pose')
    path = tmp_path / 'poses.pkl'
    write_poses([make_poses('clip', 40, (76, 64))], path)
    options = [path if option == 'POSES' else option for option in options]
    status, _, errors = run('demo', clip, '--model', config, weights, *options)
    assert status in (1, 2)
    assert message in errors
    assert len(read_poses(path)) == 1


def test_video_without_poses_does_not_stop_the_others(run, clip, tmp_path):
    config, weights = write_pose_network(tmp_path, 'pose')
    (tmp_path / 'unknown.mp4').write_bytes(clip.read_bytes())
    write_poses([make_poses('clip', 40, (76, 64))], tmp_path / 'poses.pkl')
    arguments = [tmp_path / 'unknown.mp4', clip, '--model', config, weights, '--poses', tmp_path / 'poses.pkl']
    status, output, _ = run('demo', *arguments, '--json', tmp_path / 'found.json')
    assert status == 1
    assert 'poses.pkl has no poses of unknown' in output
    [video] = json.loads((tmp_path / 'found.json').read_text())
    assert video['video'] == str(clip)
    assert np.isclose(sum(action['score'] for action in video['actions']), 1, atol=1)


@pytest.fixture
def squares(tmp_path, monkeypatch):
    """Write two videos of a bright square and one without, and replace the estimator by one that finds squares."""
    folder = tmp_path / 'videos'
    (folder / 'P01').mkdir(parents=True)
    for name, places in (('P01/a', [(10, 20, 48)]), ('b', [(60, 10, 60)]), ('nobody', [])):
        write_squares(folder / f'{name}.mp4', [places] * 8)
    monkeypatch.setattr('mmaction_microaction.poses.extraction._cached_estimator', lambda *_: SquareEstimator())
    return folder


def test_poses_command_draws_skeletons(run, squares, tmp_path):
    arguments = ['--out', tmp_path / 'poses.pkl', '--workers', 1]
    status, _, errors = run('extract_poses', squares, *arguments, '--video-dir', squares)
    assert (status, (tmp_path / 'poses.pkl').exists()) == (1, False)
    assert 'P01/a.mp4 is one of the videos' in errors
    status, _, errors = run('extract_poses', squares, *arguments, '--video-dir', tmp_path / 'drawn')
    assert status == 0, errors
    for name, has_person in (('P01/a', True), ('b', True), ('nobody', False)):
        drawn = Video(tmp_path / f'drawn/{name}.mp4')
        assert drawn.num_frames == 8
        image = next(drawn.frames()).to_rgb().astype(int)
        # The videos are black and white.
        assert (np.ptp(image, axis=-1) > 60).any() == has_person
