import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers.detection import write_detector
from helpers.people import FakeEstimator
from helpers.support import ROOT, write_clip

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.structures.detections import read_detections
from mmaction_microaction.structures.poses import Poses, write_poses
from mmaction_microaction.video.reader import Video

CONFIG = ROOT / 'configs/synthetic/manet_r18_8x1_synthetic.py'
CAMERA = 'mmaction_microaction.inference.CameraStream'


def test_folder_produces_json_table_and_labelled_videos(run, checkpoint, clip, tmp_path):
    folder = tmp_path / 'in'
    (folder / 'deep').mkdir(parents=True)
    (folder / 'a.mp4').write_bytes(clip.read_bytes())
    (folder / 'broken.mp4').write_bytes(b'no video')
    (folder / 'deep/a.mp4').write_bytes(clip.read_bytes())
    out = tmp_path / 'out'
    options = ['--json', tmp_path / 'x.json', '--csv', tmp_path / 'x.csv', '--video-dir', out]
    status, output, errors = run('demo', folder, '--model', CONFIG, checkpoint, *options)
    # One unreadable file is reported and does not stop the others.
    assert status == 1
    assert 'broken.mp4 cannot be read as a video' in output
    assert errors.splitlines()[-1] == 'error: 1 of 3 videos could not be read or drawn, see above'
    videos = json.loads((tmp_path / 'x.json').read_text())
    assert [video['video'] for video in videos] == [str(folder / 'a.mp4'), str(folder / 'deep/a.mp4')]
    assert videos[0]['actions'] == videos[1]['actions']
    assert videos[0]['actions'][0]['action'] in output
    assert len((tmp_path / 'x.csv').read_text('utf-8-sig').splitlines()) == 1 + 2 * 5
    assert [Video(out / name).num_frames for name in ('a.mp4', 'deep/a.mp4')] == [40, 40]


@pytest.mark.people
def test_each_of_two_people_gets_labels(run, checkpoint, tmp_path, monkeypatch):
    pair = FakeEstimator((60, 60, 15), (250, 60, 20))
    monkeypatch.setattr('mmaction_microaction.inference.people.make_estimator', lambda *_: pair)
    write_clip(tmp_path / 'two.mp4', 30, size=(320, 180))
    options = ['--json', tmp_path / 'x.json', '--csv', tmp_path / 'x.csv', '--video-dir', tmp_path / 'out']
    status, output, _ = run('demo', tmp_path / 'two.mp4', '--model', CONFIG, checkpoint, *options)
    assert status == 0
    assert 'two.mp4 shows 2 people (left, right); each has a result' in output
    assert 's, left, cropped to 76 x 92 pixels at 22,30' in output
    people = json.loads((tmp_path / 'x.json').read_text())
    assert [person['person'] for person in people] == ['left', 'right']
    # Each person has the scores of the cropped video.
    for person in people:
        crop = ','.join(map(str, person['crop']))
        alone = ['--crop', crop, '--json', tmp_path / 'alone.json']
        assert run('demo', tmp_path / 'two.mp4', '--model', CONFIG, checkpoint, *alone)[0] == 0
        [cropped] = json.loads((tmp_path / 'alone.json').read_text())
        assert cropped['actions'] == person['actions']
    header, *rows = (tmp_path / 'x.csv').read_text('utf-8-sig').splitlines()
    assert header.endswith(',person')
    assert [row.rpartition(',')[2] for row in rows] == ['left'] * 5 + ['right'] * 5
    # A line with the name and five lines of actions for each person. Many lines are as low as they may be, 16 pixels.
    frame = next(Video(tmp_path / 'out/two.mp4').frames()).to_rgb()
    assert frame.shape == (270 + 2 * 6 * 16, 480, 3)
    status, output, _ = run('demo', tmp_path / 'two.mp4', '--model', CONFIG, checkpoint, '--person', 'right', *options)
    assert status == 0
    [person] = json.loads((tmp_path / 'x.json').read_text())
    assert person['person'] == 'right'


@pytest.mark.people
@pytest.mark.parametrize('people', [[(60, 60, 15), (250, 60, 20)], [(60, 60, 15)], [(250, 60, 20)]])
@pytest.mark.filterwarnings('ignore:.*shows 2 people')
def test_skeletons_of_all_people_are_drawn(people, run, checkpoint, tmp_path, monkeypatch):
    for module in 'inference.people', 'inference.pose_source', 'poses.estimation':
        monkeypatch.setattr(f'mmaction_microaction.{module}.make_estimator', lambda *_: FakeEstimator(*people))
    write_clip(tmp_path / 'two.mp4', 3, size=(320, 180))
    frames = []
    for option in [], ['--skeleton']:
        out = ['--video-dir', tmp_path / 'out', '--person', 'largest', *option]
        assert run('demo', tmp_path / 'two.mp4', '--model', CONFIG, checkpoint, *out)[0] == 0
        frames.append(next(Video(tmp_path / 'out/two.mp4').frames()).to_rgb()[:270].astype(int))
    drawn = np.abs(frames[1] - frames[0]).max(-1) > 60
    halves = drawn[:, :240].sum(), drawn[:, 240:].sum()
    places = {x < 160 for x, *_ in people}
    assert [half > 100 for half in halves] == [True in places, False in places]


@pytest.mark.parametrize('option', [['--crop', 'person'], ['--skeleton', '--video-dir', 'OUT']])
def test_missing_package_is_reported_before_the_first_video(option, run, checkpoint, clip, tmp_path, monkeypatch):
    for module in ('ai_edge_litert', 'ai_edge_litert.interpreter'):
        monkeypatch.setitem(sys.modules, module, None)
    option = [tmp_path / 'out' if word == 'OUT' else word for word in option]
    status, output, errors = run('demo', clip, '--model', CONFIG, checkpoint, *option)
    assert status == 1
    assert clip.name not in output
    assert 'pip install' in errors


def test_camera_produces_a_timeline(run, checkpoint, clip, tmp_path, monkeypatch):
    # OpenCV opens a file like a camera. The file is read without waiting for the clock.
    monkeypatch.setattr(
        'mmaction_microaction.inference.CameraStream.frames', lambda self, seconds: Video(clip).frames()
    )
    options = ['--window', 0.4, '--step', 0.2, '--json', tmp_path / 'x.json']
    status, output, errors = run('demo', '--camera', clip, '--model', CONFIG, checkpoint, *options)
    assert status == 0, errors
    [watched] = json.loads((tmp_path / 'x.json').read_text())
    assert watched['intervals'][0]['start'] == 0
    # Windows have 12 frames at 30 frames per second and start every 6 frames. The last one starts at frame 24.
    assert watched['duration'] == watched['intervals'][-1]['end'] == 1.2
    assert sum(' s  ' in line for line in output.splitlines()) >= 5


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nowhere', '--model', CONFIG, 'CHECKPOINT'], 'error: nowhere: no such file or folder'),
        (['tools', '--model', CONFIG, 'CHECKPOINT'], 'error: tools contains no video'),
        (['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--video-dir', 'FOLDER'], 'clip.mp4 is one of the videos'),
        (['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--csv', 'CHECKPOINT'], 'is a file of --model'),
        (['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--csv', 'found', '--json', 'found'], 'used for two results'),
        (['VIDEO', '--model', 'network.onnx', 'CHECKPOINT'], 'network.onnx is a whole network'),
        (['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--seconds', '5'], '--seconds needs --camera'),
        (['--camera', '0', '--model', CONFIG, 'CHECKPOINT', '--reconnect', '0'], '--reconnect 0: must be above 0'),
        (['--camera', '0', '--model', CONFIG, 'CHECKPOINT', '--crop', 'person'], '--crop and --person'),
        (['VIDEO', '--model', CONFIG], 'needs a checkpoint'),
        (['VIDEO', '--model', 'nowhere.py', 'CHECKPOINT'], 'nowhere.py'),
        (['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--json', 'VIDEO'], 'clip.mp4 is one of the videos'),
        (['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--json', 'ALIAS'], 'alias.mp4 is one of the videos'),
        (['--model', CONFIG, 'CHECKPOINT'], '(before --model) or --camera'),
        (['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--crop', 'centre'], "crop is 'centre'"),
        (['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--crop', 'none', '--person', 'left'], "person is 'left'"),
        (
            ['VIDEO', '--model', CONFIG, 'CHECKPOINT', '--detections', 'x.csv', '--person', 'all'],
            'choose --person left',
        ),
        (
            ['--camera', '0', '--video-dir', 'FOLDER', '--model', CONFIG, 'CHECKPOINT'],
            '--video-dir cannot be used with --camera',
        ),
        (['--camera', '0', '--poses', 'poses.pkl'], '--poses cannot be used with --camera'),
    ],
)
def test_invalid_arguments_are_reported_in_one_line(arguments, message, run, checkpoint, clip, tmp_path):
    (tmp_path / 'alias.mp4').hardlink_to(clip)
    known = {'CHECKPOINT': checkpoint, 'VIDEO': clip, 'FOLDER': clip.parent, 'ALIAS': tmp_path / 'alias.mp4'}
    status, _, errors = run('demo', *(known.get(argument, argument) for argument in arguments))
    assert status in (1, 2)
    assert 'error: ' in errors.splitlines()[-1]
    assert message in errors.splitlines()[-1]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['VIDEO', '--json', '/nowhere/x.json'], '/nowhere/x.json cannot be written, since /nowhere is not a folder'),
        (['--camera', 'VIDEO', '--json', '/nowhere/x.json'], '/nowhere/x.json cannot be written'),
        (['VIDEO', '--csv', 'FOLDER'], 'cannot be written, since it is a folder'),
        (['VIDEO', '--video-dir', 'VIDEO'], 'clip.mp4 cannot be a folder (File exists: '),
    ],
)
def test_unwritable_outputs_are_reported_before_the_work(arguments, message, run, clip):
    known = {'VIDEO': clip, 'FOLDER': clip.parent}
    arguments = [known.get(argument, argument) for argument in arguments]
    # The network does not exist either, but the outputs are checked first.
    status, output, errors = run('demo', *arguments, '--model', 'nowhere.py', 'nowhere.pth')
    assert (status, output) == (1, '')
    assert message in errors
    assert errors.startswith('error: ')
    assert not list(clip.parent.glob('.*'))


def test_labelled_videos_do_not_overwrite_each_other(run, clip, tmp_path):
    for folder in ('P1', 'P2'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'talk.mp4').write_bytes(clip.read_bytes())
    out = tmp_path / 'out'
    status, _, errors = run('demo', tmp_path / 'P1', tmp_path / 'P2', '--model', 'x.onnx', '--video-dir', out)
    assert status == 1
    assert f'P1/talk.mp4 and {tmp_path}/P2/talk.mp4 would both be written to {out}/talk.mp4' in errors


def test_result_is_written_if_printing_fails(run, checkpoint, clip, tmp_path, monkeypatch):
    def print_or_fail(self, text='', *_, **__):
        if str(clip) in str(text):
            raise BrokenPipeError(32, 'Broken pipe')

    monkeypatch.setattr('rich.console.Console.print', print_or_fail)
    status, *_ = run('demo', clip, '--model', CONFIG, checkpoint, '--json', tmp_path / 'x.json')
    assert status == 1
    assert len(json.loads((tmp_path / 'x.json').read_text())) == 1


def test_undrawable_video_does_not_stop_the_others(run, checkpoint, clip, tmp_path, monkeypatch):
    folder, out = tmp_path / 'in', tmp_path / 'out'
    folder.mkdir()
    for name in ('a.mp4', 'b.mp4'):
        (folder / name).write_bytes(clip.read_bytes())

    def write(result, path, progress, poses, **options):
        assert poses is None
        if path.name == 'a.mp4':
            raise OSError(28, 'No space left on device', str(path))
        # The result is written before the video is drawn.
        assert len(json.loads((tmp_path / 'x.json').read_text())) == 2
        path.touch()

    monkeypatch.setattr('mmaction_microaction.inference.write_labeled_video', write)
    options = ['--json', tmp_path / 'x.json', '--video-dir', out]
    status, output, errors = run('demo', folder, '--model', CONFIG, checkpoint, *options)
    assert status == 1
    assert f'error: {folder / "a.mp4"} was recognised but not drawn: [Errno 28] No space left on device' in output
    assert errors.splitlines()[-1] == 'error: 1 of 2 videos could not be read or drawn, see above'
    assert [path.name for path in out.iterdir()] == ['b.mp4']


def test_video_that_exhausts_memory_does_not_stop_the_others(run, checkpoint, clip, tmp_path, monkeypatch):
    failures = {
        'a.mp4': MemoryError('Unable to allocate 16.0 GiB for an array'),
        'b.mp4': RuntimeError("can't allocate memory: you tried to allocate 98765432100 bytes"),
        'c.mp4': ZeroDivisionError('division by zero'),
    }
    for name in (*failures, 'd.mp4'):
        (tmp_path / name).write_bytes(clip.read_bytes())
    sound = MicroActionInferencer.people

    def recognise(self, video, progress):
        if Path(video.path).name in failures:
            raise failures[Path(video.path).name]
        return sound(self, video, progress)

    monkeypatch.setattr(MicroActionInferencer, 'people', recognise)
    status, output, errors = run('demo', tmp_path, '--model', CONFIG, checkpoint, '--json', tmp_path / 'x.json')
    assert status == 1
    assert errors.splitlines()[-1].startswith('error: 3 of 4 videos')
    for name, error in failures.items():
        [line] = [line for line in output.splitlines() if str(tmp_path / name) in line]
        assert str(error) in line
    assert [found['video'] for found in json.loads((tmp_path / 'x.json').read_text())] == [str(tmp_path / 'd.mp4')]


def test_names_are_printed_verbatim(run, checkpoint, clip, tmp_path):
    # Rich would interpret these names as the start of a style, the end of a style and an emoji.
    (tmp_path / 'broken [').mkdir()
    for name in ('Interview [p01].mp4', 'broken [/x].mp4', ':cat:.mp4'):
        (tmp_path / name).write_bytes(b'no video' if 'broken' in name else clip.read_bytes())
    status, output, errors = run('demo', tmp_path, '--model', CONFIG, checkpoint)
    assert status == 1
    assert errors.splitlines()[-1].startswith('error: 1 of 3 videos')
    for name in ('Interview [p01].mp4, 1.6 s', ':cat:.mp4, 1.6 s', 'broken [/x].mp4 cannot be read'):
        assert str(tmp_path / name) in output


def test_long_video_is_scored_against_true_intervals(run, tmp_path):
    out = tmp_path / 'long.mp4'
    status, _, errors = run('make_long_video', '--actions', 4, '--size', 64, '--out', out)
    assert status == 0, errors
    [truth] = json.loads(out.with_suffix('.json').read_text())
    assert Video(out).duration == pytest.approx(truth['intervals'][-1]['end'], abs=0.001)
    found = tmp_path / 'found.json'
    truth['intervals'][0]['label'] = (truth['intervals'][0]['label'] + 1) % 52
    del truth['intervals'][0]['code'], truth['intervals'][0]['action']
    truth['intervals'].pop()
    found.write_text(json.dumps([truth]))
    _, output, _ = run('score_timeline', found, '--truth', out.with_suffix('.json'))
    assert '| fine | 66.7% | 50.0% | 3 | 4 |' in output
    for share in ('0', '50', 'nan'):
        status, _, errors = run('score_timeline', found, '--truth', out.with_suffix('.json'), '--iou', share)
        assert (status, errors.splitlines()[-1].partition('error: ')[2]) == (
            2,
            f'--iou {share}: must be above 0 and at most 1',
        )


def test_invalid_paths_are_reported_before_loading_the_network(run, clip):
    for video, out, message in (
        (clip.parent, 'x.png', f'error: {clip.parent} cannot be read as a video (Is a directory)'),
        (clip, '/nowhere/x.png', 'error: /nowhere/x.png cannot be written, since /nowhere is not a folder'),
    ):
        status, _, errors = run('plot_gradcam', 'nowhere.py', 'nowhere.pth', video, '--out', out)
        assert status == 1
        assert errors.startswith(message)


@pytest.fixture(scope='module')
def detector(tmp_path_factory):
    return write_detector(tmp_path_factory.mktemp('detector'))


def test_detector_produces_tables_videos_and_all_detections(run, detector, tmp_path):
    (tmp_path / 'in').mkdir()
    for name, frames in (('val0001', 60), ('val0002', 90)):
        write_clip(tmp_path / f'in/{name}.mp4', num_frames=frames)
    files = {option: tmp_path / f'x{option[1:]}' for option in ('--json', '--csv', '--detections')}
    arguments = [tmp_path / 'in', '--model', *detector, '--video-dir', tmp_path / 'out']
    assert run('demo', *arguments, '--detections', files['--detections'])[0] == 0
    every = files['--detections'].read_text().splitlines()
    # The scores of an untrained network are low.
    arguments += ['--min-score', np.median([float(line.split(',')[-1]) for line in every[1:]])]
    status, output, errors = run('demo', *arguments, *(argument for item in files.items() for argument in item))
    assert status == 0, errors
    videos = json.loads(files['--json'].read_text())
    count = sum(len(video['intervals']) for video in videos)
    assert 40 < count < 60
    for video in videos:
        intervals = video['intervals']
        assert intervals == sorted(intervals, key=lambda interval: interval['start'])
        assert any(a['end'] > b['start'] for a, b in pairwise(intervals))
    assert len(files['--csv'].read_text('utf-8-sig').splitlines()) == 1 + count
    assert output.count(' to ') == count
    assert every[0] == ',video_id,t_start,t_end,class,score'
    assert files['--detections'].read_text().splitlines() == every
    assert [line.split(',')[1] for line in every[1:]] == ['val0001'] * 50 + ['val0002'] * 50
    assert [Video(tmp_path / 'out' / f'{name}.mp4').num_frames for name in ('val0001', 'val0002')] == [60, 90]


def test_demo_says_that_nothing_was_found(run, detector, tmp_path):
    write_clip(tmp_path / 'x.mp4', num_frames=30)
    status, output, errors = run('demo', tmp_path / 'x.mp4', '--model', *detector, '--min-score', 1)
    assert status == 0, errors
    assert 'nothing found with a score of at least 1' in output


def test_cameras_need_a_recognizer(run, detector, clip):
    status, _, errors = run('demo', '--camera', clip, '--model', *detector)
    assert status == 1
    assert errors.splitlines()[-1].startswith('error: --camera cannot be used with a detector')


def test_detections_need_times_and_different_names(run, checkpoint, clip, tmp_path):
    options = ['--detections', tmp_path / 'found.csv']
    status, _, errors = run('demo', clip, '--model', CONFIG, checkpoint, *options)
    assert status == 1
    assert 'needs --longest-clip 0' in errors
    assert run('demo', clip, '--model', CONFIG, checkpoint, '--longest-clip', 0, *options)[0] == 0
    found = read_detections(tmp_path / 'found.csv')
    assert set(found.video_ids) == {clip.stem}
    assert found.segments.min() == 0
    assert found.segments.max() == pytest.approx(1.6)
    for name in ('a/x.mp4', 'b/x.avi'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(clip.read_bytes())
    status, _, errors = run('demo', tmp_path / 'a', tmp_path / 'b', '--model', 'x.onnx', *options)
    assert status == 1
    assert "x.avi would both be 'x' in the file of --detections" in errors
    status, _, errors = run('demo', '--camera', 0, '--model', 'x.onnx', *options)
    assert status != 0
    assert '--detections cannot be used with --camera' in errors


def test_network_of_the_package_needs_no_model(run, tmp_path):
    write_clip(tmp_path / 'clip.mp4', 30, size=(60, 72))
    keypoint = np.random.default_rng(0).uniform(0, 60, (1, 30, 33, 2))
    write_poses([Poses('clip', (72, 60), keypoint, np.ones(keypoint.shape[:-1]))], tmp_path / 'poses.pkl')
    status, output, _ = run('demo', tmp_path / 'clip.mp4', '--poses', tmp_path / 'poses.pkl', '--crop', 'none')
    assert status == 0
    assert 'trained on rendered people' in output
    assert 'model_card.md' in output
    assert output.count('%') >= 5


def test_an_interview_is_compared_with_its_truth(run, tmp_path):
    out = tmp_path / 'talk.mp4'
    options = '--people', 2, '--minutes', 0.1, '--actions', 2, '--size', 64, '--out', out
    status, output, errors = run('make_long_video', *options)
    assert (status, errors) == (0, '')
    assert f'{out}: 4 actions in 6 seconds' in output
    status, output, errors = run('agree', tmp_path, tmp_path)
    assert status == 0, errors
    assert 'recordings: 1, together 0.1 min; people in recordings: 2' in output


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--minutes', '2'], 'add --people'),
        (['--people', '2', '--minutes', 'nan'], '--minutes nan: must be'),
        (['--people', '5'], '5 people: must be 1 to 4'),
        (['--people', '1', '--minutes', '0.1', '--actions', '60'], '60 actions do not fit into 6 s'),
    ],
)
def test_impossible_interviews_are_refused(run, tmp_path, options, message):
    status, _, errors = run('make_long_video', *options, '--out', tmp_path / 'talk.mp4')
    assert status
    assert message in errors.splitlines()[-1]
    assert not list(tmp_path.iterdir())
