import json
import os
import shutil
import signal
import time
from dataclasses import replace

import av
import cv2
import decord
import numpy as np
import pytest
from helpers.processes import start
from helpers.support import ROOT

from mmaction_microaction.structures.poses import read_poses
from mmaction_microaction.synthetic import SyntheticSettings, make_clip, render_frames, write_dataset
from mmaction_microaction.synthetic.scene import SPLITS
from mmaction_microaction.video.writer import write_video


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


def test_annotation_files_and_folders_match_ma52(dataset):
    out, _, plan = dataset
    for index, split in enumerate(('train', 'val', 'test')):
        text = (out / f'{split}_list_videos.txt').read_bytes().decode()
        lines = text.split('\r\n')
        assert lines.pop() == ''
        assert sorted(line.split(' ') for line in lines) == sorted(
            [entry.name, str(entry.label)] for entry in plan if entry.split == index
        )
        assert {line.split(' ')[0] for line in lines} == {path.name for path in (out / f'videos_{split}').iterdir()}


def test_manifest_contains_every_parameter(dataset):
    out, settings, plan = dataset
    manifest = json.loads((out / 'manifest.json').read_text())
    assert manifest['settings']['clips'] == len(manifest['clips']) == 24
    for entry, row in zip(plan, manifest['clips']):
        clip = make_clip(entry.label, entry.subject_id, settings.size, settings.seed, entry.split, entry.index)
        assert (row['name'], row['label'], row['num_frames']) == (entry.name, entry.label, clip.num_frames)
        assert row['motion'] == json.loads(json.dumps(clip.motion))
        assert row['camera']['focal'] == clip.camera.focal
        assert row['subject']['shirt'] == list(clip.subject.shirt)


def test_dataset_of_high_variety_has_the_clips_of_that_variety(tmp_path):
    settings = SyntheticSettings(clips=4, size=(64, 76), seed=5, subjects=4, variety='high')
    plan = write_dataset(tmp_path, settings)
    manifest = json.loads((tmp_path / 'manifest.json').read_text())
    assert manifest['settings']['variety'] == 'high'
    for entry, row in zip(plan, manifest['clips']):
        key = entry.label, entry.subject_id, settings.size, settings.seed, entry.split, entry.index
        assert row['nuisances']['gamma'] == make_clip(*key, variety='high').nuisances.gamma
        assert row['nuisances']['gamma'] != make_clip(*key).nuisances.gamma
    with pytest.raises(ValueError, match='variety is high, not normal'):
        write_dataset(tmp_path, replace(settings, variety='normal'))


def test_decoded_frames_are_close_to_the_rendered_frames(dataset):
    out, settings, plan = dataset
    entry = plan[0]
    path = str(out / 'videos_train' / entry.name)
    clip = make_clip(entry.label, entry.subject_id, settings.size, settings.seed, entry.split, entry.index)
    rendered = np.stack(list(render_frames(clip))).astype(float)
    by_decord = decord.VideoReader(path).get_batch(range(clip.num_frames)).asnumpy()
    capture = cv2.VideoCapture(path)
    by_opencv = np.stack([capture.read()[1][..., ::-1] for _ in range(clip.num_frames)])
    assert not capture.read()[0]
    assert capture.get(cv2.CAP_PROP_FPS) == 30
    with av.open(path) as container:
        by_av = np.stack([frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)])
        assert container.streams.video[0].codec_context.pix_fmt == 'yuv420p'
    for decoded in (by_decord, by_opencv, by_av):
        assert decoded.shape == rendered.shape
        assert np.abs(decoded - rendered).mean() < 8


def test_finished_videos_are_kept_and_missing_videos_rendered(dataset):
    out, settings, plan = dataset
    before = contents(out)
    times = {path: path.stat().st_mtime_ns for path in out.rglob('*.mp4')}
    missing = out / 'videos_val' / next(entry.name for entry in plan if entry.split == 1)
    missing.unlink()
    write_dataset(out, settings)
    assert contents(out) == before
    assert all(path.stat().st_mtime_ns == then for path, then in times.items() if path != missing)


@pytest.mark.parametrize('change', [{'seed': 6}, {'size': (80, 96)}, {'counts': 'long-tailed', 'clips': 208}])
def test_folder_with_other_settings_is_rejected(dataset, change):
    out, settings, _ = dataset
    before = contents(out)
    with pytest.raises(ValueError, match=f'{next(iter(change))} is'):
        write_dataset(out, replace(settings, **change))
    assert contents(out) == before


def test_folder_without_manifest_is_rejected(tmp_path):
    (tmp_path / 'videos_train').mkdir()
    (tmp_path / 'videos_train' / '0001_00_0001.mp4').write_bytes(b'')
    with pytest.raises(ValueError, match=r'manifest\.json'):
        write_dataset(tmp_path, SyntheticSettings(clips=4))


def test_folder_with_damaged_manifest_is_rejected(tmp_path):
    (tmp_path / 'manifest.json').write_text('{"version": 1,')
    with pytest.raises(ValueError, match=r'manifest\.json is damaged'):
        write_dataset(tmp_path, SyntheticSettings(clips=4))


def test_interrupted_video_is_absent(tmp_path):
    def broken():
        yield np.zeros((76, 64, 3), np.uint8)
        raise RuntimeError('power cut')

    with pytest.raises(RuntimeError, match='power cut'):
        write_video(tmp_path / 'a.mp4', broken(), (64, 76), fps=30)
    assert not (tmp_path / 'a.mp4').exists()


def test_killed_run_leaves_complete_videos_and_is_continued(tmp_path):
    out, settings = tmp_path / 'set', SyntheticSettings(clips=4, size=(64, 76), seed=8, subjects=4)
    args = ['--clips', 4, '--size', 64, '--seed', 8, '--subjects', 4, '--workers', 1, '--out', out]
    log = tmp_path / 'log'
    process = start(ROOT / 'tools' / 'make_synthetic_ma52.py', *args, output=log, errors=log)
    deadline = time.monotonic() + 60
    while not list(out.glob('videos_*/*.mp4')) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    finished = {path: path.read_bytes() for path in out.glob('videos_*/*.mp4')}
    assert 1 <= len(finished) < 4
    for path in finished:
        assert len(decord.VideoReader(str(path))) >= 30
    assert not list(out.glob('*_list_videos.txt'))
    foreign = out / 'videos_train' / 'download.mp4.part'
    foreign.write_bytes(b'half')
    write_dataset(out, settings)
    assert foreign.read_bytes() == b'half'
    foreign.unlink()
    assert all(path.read_bytes() == video for path, video in finished.items())
    assert len(list(out.glob('videos_*/*'))) == 4
    whole = tmp_path / 'whole'
    write_dataset(whole, settings)
    assert contents(whole) == contents(out)


def test_folder_of_another_renderer_is_not_continued(tmp_path):
    settings = SyntheticSettings(clips=4, size=(64, 76), subjects=4)
    manifest = {'version': 1, 'settings': settings.to_dict()}
    (tmp_path / 'manifest.json').write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match='renderer is 1, not 2'):
        write_dataset(tmp_path, settings)
    assert [path.name for path in tmp_path.iterdir()] == ['manifest.json']


def test_folder_of_a_version_without_people_at_rest_is_continued(dataset, tmp_path):
    out, settings, plan = dataset
    manifest = json.loads((out / 'manifest.json').read_text())
    del manifest['settings']['rest'], manifest['clips']
    (tmp_path / 'manifest.json').write_text(json.dumps(manifest))
    assert write_dataset(tmp_path, settings, poses_only=True) == plan
    with pytest.raises(ValueError, match='rest is 0, not 4'):
        write_dataset(tmp_path, replace(settings, rest=4), poses_only=True)


def test_true_poses_are_written_without_videos(dataset, tmp_path):
    out, settings, _ = dataset
    write_dataset(tmp_path, settings, poses_only=True)
    assert contents(tmp_path).keys() == {
        'manifest.json',
        *(f'{split}_list_videos.txt' for split in SPLITS),
        *(f'poses_{split}.pkl' for split in SPLITS),
    }
    for split in SPLITS:
        assert (tmp_path / f'poses_{split}.pkl').read_bytes() == (out / f'poses_{split}.pkl').read_bytes()
    # The videos of the same clips can be added later. Only one is rendered here; the others are copied.
    for folder in out.glob('videos_*'):
        shutil.copytree(folder, tmp_path / folder.name, dirs_exist_ok=True)
    video = next(tmp_path.glob('videos_val/*.mp4'))
    content = video.read_bytes()
    video.unlink()
    write_dataset(tmp_path, settings, layout='blazepose33')
    assert video.read_bytes() == content
    assert json.loads((tmp_path / 'manifest.json').read_text()) == json.loads((out / 'manifest.json').read_text())
    assert read_poses(tmp_path / 'poses_val.pkl')[0].layout == 'blazepose33'
