"""A folder of recordings is coded once, whatever happens, and no file of a person is lost."""

import json
import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
from helpers.coding import FakeNetwork

from mmaction_microaction.coding.formats import FORMATS
from mmaction_microaction.coding.run_log import RunLog, TimeLeft
from mmaction_microaction.coding.scores_file import read_recording_scores
from mmaction_microaction.coding.settings import CodingSettings
from mmaction_microaction.structures.coding import read_coding
from mmaction_microaction.utils import files

SETTINGS = CodingSettings({'manet.onnx': '1a2b'})
NAMES = ['P01', 'P02', 'P03', 'deep/P01']


def contents(folder):
    """Return the results in a folder, without times and paths."""
    found = {}
    for path in sorted(folder.rglob('*')):
        name = path.relative_to(folder).as_posix()
        if path.suffix in ('.one', '.all', '.json'):
            found[name] = json.loads(path.read_text())
        elif path.suffix == '.npz':
            found[name] = read_recording_scores(path).scores.tolist()
        elif path.is_file():
            found[name] = None
    return found


def test_each_recording_has_its_files_and_the_project_has_all(code, tmp_path, network):
    assert code() == []
    assert network.seen == NAMES
    out = tmp_path / 'out'
    expected = {f'{name}{ending}' for name in NAMES for ending in ('.json', '.npz', '.one')}
    assert set(contents(out)) == expected | {'all_recordings.all', 'code.log', 'code.state'}
    events = [[0.0, 2.0, person, 'nodding'] for person in ('left', 'right')]
    events += [[3.0, 4.0, person, 'waving'] for person in ('left', 'right')]
    assert json.loads((out / 'deep/P01.one').read_text()) == ['deep/P01', *events]
    assert [row[0] for row in json.loads((out / 'all_recordings.all').read_text())] == NAMES
    coding = read_coding(out / 'deep/P01.json')
    assert (coding.recording, coding.duration, coding.fps, coding.people) == ('deep/P01', 4, 25, ('left', 'right'))
    assert coding.media == (str(tmp_path / 'interviews/deep/P01.mp4'),)
    assert coding.coder.startswith('microaction ')
    assert coding.settings['model'] == {'manet.onnx': '1a2b'}
    with np.load(out / 'P02.npz', allow_pickle=False) as table:
        assert table['actions'].tolist() == ['nodding', 'waving']
        assert table['person'].tolist() == ['left'] * 4 + ['right'] * 4
        assert table['starts'].tolist() == [0, 1, 2, 3] * 2
        assert table['scores'][3] == pytest.approx([0.2, 0.55])


def test_finished_recordings_are_skipped_and_new_ones_are_added(code, study, tmp_path, network):
    code()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / 'out').rglob('*.*') if path.suffix != '.log'}
    (study / 'P04.mp4').write_bytes(b'P04')
    assert code() == []
    assert network.seen[4:] == ['P04']
    kept = {path for path, time in before.items() if path.stat().st_mtime_ns == time}
    assert set(before) - kept == {tmp_path / 'out/all_recordings.all', tmp_path / 'out/code.state'}
    assert '5 recordings, 4 of them finished before' in (tmp_path / 'out/code.log').read_text()


def test_missing_formats_are_written_without_the_network(code, tmp_path, network):
    code()
    (tmp_path / 'out/P02.one').unlink()
    (tmp_path / 'out/all_recordings.all').unlink()
    before = contents(tmp_path / 'out')
    code()
    assert network.loads == 1
    added = set(contents(tmp_path / 'out')) - set(before)
    assert added == {'P02.one', 'all_recordings.all'}


def test_failed_recordings_are_listed_and_tried_again(code, study, tmp_path, network):
    (study / 'P02.mp4').write_bytes(b'broken')
    [failure] = code()
    assert (failure.subject.name, failure.reason) == ('P02', 'P02.mp4 cannot be read')
    assert '[2 of 4] P02.mp4 failed: P02.mp4 cannot be read' in (tmp_path / 'out/code.log').read_text()
    assert not (tmp_path / 'out/P02.json').exists()
    (study / 'P02.mp4').write_bytes(b'P02')
    assert code() == []
    assert network.seen == [*NAMES, 'P02']


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (dict(threshold=0.6), 'threshold was the default and is 0.6'),
        (dict(model={'manet.onnx': '9f9f'}), 'model was manet.onnx = 1a2b and is manet.onnx = 9f9f'),
        (dict(window=2.0), 'window was the default and is 2.0'),
        (dict(subjects={'left': 'P1'}), 'subjects was empty and is left = P1'),
        (dict(thresholds={'waving': None}), 'thresholds was empty and is waving = never'),
    ],
)
def test_other_settings_are_refused_with_the_difference(change, text, code, tmp_path, network):
    code()
    before = contents(tmp_path / 'out')
    with pytest.raises(ValueError, match=text) as error:
        code(settings=replace(SETTINGS, **change))
    assert 'P01 and 3 more' in str(error.value)
    assert '--force' in str(error.value)
    assert contents(tmp_path / 'out') == before
    assert network.loads == 1


def test_another_version_and_another_video_of_the_name_are_refused(code, study, monkeypatch):
    code()
    with monkeypatch.context() as patch:
        patch.setattr('mmaction_microaction.coding.settings.__version__', '9.9')
        with pytest.raises(ValueError, match=r'version was 0\..* and is 9\.9'):
            code()
    (study / 'P02.mp4').write_bytes(b'a new recording')
    with pytest.raises(ValueError, match=r'P02: media was P02\.mp4 \(7 bytes, \w+\) and is P02\.mp4 \(15 bytes'):
        code()


def test_files_that_people_changed_survive_force(code, tmp_path):
    code()
    out = tmp_path / 'out'
    (out / 'P01.one').write_text('"corrected"')
    (out / 'all_recordings.all').write_text('"corrected, too"')
    code()
    assert (out / 'P01.one').read_text() == '"corrected"'
    code(settings=replace(SETTINGS, threshold=0.6), force=True)
    assert (out / 'P01.one.1.bak').read_text() == '"corrected"'
    # Waving has 0.55.
    assert json.loads((out / 'P01.one').read_text())[1:] == [[0, 2, 'left', 'nodding'], [0, 2, 'right', 'nodding']]
    assert not list(out.rglob('P02*.bak'))
    assert (out / 'all_recordings.all').read_text() == '"corrected, too"'
    assert len(json.loads((out / 'all_recordings_2.all').read_text())) == 4
    log = (out / 'code.log').read_text()
    assert 'P01.one was changed since it was written; it is now P01.one.1.bak' in log
    assert log.count('all_recordings.all was changed since it was written, and is kept') == 1


def test_force_leaves_no_results_of_earlier_formats(code, tmp_path):
    code()
    out = tmp_path / 'out'
    code(settings=replace(SETTINGS, threshold=0.6), force=True, formats=['json'])
    assert not list(out.rglob('*.one'))
    # Waving has 0.55. The file of all recordings is that of the new results.
    assert {row[-1] for recording in json.loads((out / 'all_recordings.all').read_text()) for row in recording[1:]} == {
        'nodding'
    }


def test_a_project_that_is_changed_during_the_run_is_kept(code, tmp_path, network):
    project = tmp_path / 'out/all_recordings.all'

    class Interrupted(type(network)):
        def __call__(self, recording, progress):
            if recording.name == 'P03':
                project.write_text('"corrected in the night"')
            return super().__call__(recording, progress)

    code(network=Interrupted())
    assert project.read_text() == '"corrected in the night"'
    assert [row[0] for row in json.loads(project.with_name('all_recordings_2.all').read_text())] == NAMES


def test_files_of_others_are_refused(code, tmp_path, network):
    (tmp_path / 'out').mkdir()
    mine = tmp_path / 'out/P02.one'
    mine.write_text('mine')
    with pytest.raises(ValueError, match=r'P02\.one: not written by this command'):
        code()
    assert network.loads == 0
    code(force=True)
    assert mine.with_name('P02.one.1.bak').read_text() == 'mine'
    (tmp_path / 'out/P01.json').write_text('{}')
    with pytest.raises(ValueError, match=r'P01\.json: not written by this command'):
        code()


def test_a_recording_whose_json_file_is_deleted_is_coded_again(code, tmp_path, network):
    code()
    out = tmp_path / 'out'
    (out / 'P02.json').unlink()
    before = contents(out)
    assert code() == []
    assert contents(out) == {**before, 'P02.json': contents(out)['P02.json']}
    # What a person corrected is still refused, and kept with --force.
    (out / 'P02.json').unlink()
    (out / 'P02.one').write_text('"corrected"')
    with pytest.raises(ValueError, match=r'P02\.one: not written by this command'):
        code()
    code(force=True)
    assert (out / 'P02.one.1.bak').read_text() == '"corrected"'


def test_other_thresholds_do_not_need_the_network(code, tmp_path, network):
    code()
    strict = replace(SETTINGS, thresholds={'Nodding': 0.95}, subjects={'left': 'P1', 'right': 'P2'})
    code(out=tmp_path / 'final', settings=strict, scores_dir=tmp_path / 'out')
    assert network.loads == 1
    coding = read_coding(tmp_path / 'final/P01.json')
    assert [(event.person, event.action) for event in coding.events] == [('P1', 'waving'), ('P2', 'waving')]
    assert coding.settings['thresholds'] == {'Nodding': 0.95}
    # The names can be changed back, since the file knows those of the recording.
    code(out=tmp_path / 'third', scores_dir=tmp_path / 'final')
    assert network.loads == 1
    assert read_coding(tmp_path / 'third/P01.json').people == ('left', 'right')
    # Scores of another network are not used.
    code(out=tmp_path / 'fourth', settings=replace(SETTINGS, window=3.0), scores_dir=tmp_path / 'out')
    assert network.loads == 2
    assert 'P01.npz is not used: window was the default and is 3.0' in (tmp_path / 'fourth/code.log').read_text()


def test_results_of_other_recordings_are_never_mixed(code, study, tmp_path):
    code()
    with pytest.raises(ValueError, match=r'results of other recordings with other settings \(P02 and 2 more: thr'):
        code(videos=study / 'P01.mp4', settings=replace(SETTINGS, threshold=0.9), force=True)
    # A run over some of the recordings leaves the others in the project, but not those in the trash.
    (tmp_path / 'out/.Trash-1000').mkdir()
    for ending in ('.json', '.npz'):
        shutil.copy(tmp_path / f'out/P02{ending}', tmp_path / f'out/.Trash-1000/P09{ending}')
    (tmp_path / 'out/all_recordings.all').unlink()
    code(videos=study / 'P01.mp4')
    assert [row[0] for row in json.loads((tmp_path / 'out/all_recordings.all').read_text())] == NAMES


def test_people_of_the_study_and_warnings(code, tmp_path, network):
    network.people, network.warnings = ('',), ['P01.mp4: the person is not seen from 10 to 40 s']
    code(settings=replace(SETTINGS, subjects={'left': 'P1', 'right': 'P2'}))
    coding = read_coding(tmp_path / 'out/P01.json')
    assert coding.people == ('',)
    warnings = [
        'P01.mp4: the person is not seen from 10 to 40 s',
        'no person is called left, right (left=P1, right=P2)',
    ]
    assert coding.settings['warnings'] == warnings
    log = (tmp_path / 'out/code.log').read_text()
    assert all(f'[1 of 4] P01.mp4: warning: {text}' in log for text in warnings)


def test_two_people_of_one_name_are_an_error(code):
    failures = code(settings=replace(SETTINGS, subjects={'left': 'right'}))
    assert [failure.reason for failure in failures][:1] == ['P01: two people would be called the same (right, right)']


def test_unknown_action_of_a_threshold_is_an_error(code):
    failures = code(settings=replace(SETTINGS, thresholds={'jumping': 0.5}))
    assert "threshold for 'jumping', which is no action of the network (two)" in failures[0].reason


def count_writes(code):
    """Run a study, and return how many files are written."""
    count = 0

    def counting(source, target, replace=files.replace):
        nonlocal count
        count += 1
        replace(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, 'replace', counting)
        code()
    return count


def run_and_kill(code, at):
    """Run a study in another process, which is killed before it finishes a file."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    count = 0

    def killing(source, target, replace=files.replace):
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)

    try:
        files.replace = killing
        code()
    finally:
        os._exit(7)


def test_a_kill_at_any_moment_loses_and_doubles_nothing(code, study, tmp_path):
    (study / 'P03.MOV').unlink()
    (study / 'P02.mp4').unlink()
    writes = count_writes(lambda: code(out=tmp_path / 'whole'))
    expected = contents(tmp_path / 'whole')
    assert writes > 20
    for at in range(1, writes + 1):
        out = tmp_path / f'killed{at}'
        assert run_and_kill(lambda out=out: code(out=out), at) == -signal.SIGKILL
        complete = {path: path.read_bytes() for path in out.rglob('*.npz')}
        network = FakeNetwork()
        assert code(out=out, network=network) == []
        assert contents(out) == expected
        # What was recognised before the kill is not recognised again.
        assert len(network.seen) == 2 - len(complete)
        assert not list(out.rglob('*.bak'))


def test_two_runs_at_once_are_refused(code, tmp_path):
    (tmp_path / 'out').mkdir()
    with RunLog(tmp_path / 'out/code.log'), pytest.raises(ValueError, match='another run is writing into'):
        code()


def test_a_full_disk_stops_the_run(code, network, monkeypatch):
    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('mmaction_microaction.coding.results_folder.write_recording_scores', fail)
    with pytest.raises(OSError, match='No space left'):
        code()
    assert network.seen == ['P01']


def test_a_file_of_all_recordings_that_cannot_be_written_does_not_end_the_run(code, tmp_path, network, monkeypatch):
    out, boris = tmp_path / 'out', FORMATS['boris']

    def fail(codings, path):
        raise PermissionError(13, 'locked', str(path))

    with monkeypatch.context() as patch:
        patch.setitem(FORMATS, 'boris', boris._replace(write=fail))
        [failure] = code()
    assert network.seen == NAMES
    assert all((out / f'{name}.one').exists() for name in NAMES)
    assert failure.subject == out / 'all_recordings.all'
    assert 'locked' in failure.reason
    assert 'all_recordings.all failed: ' in (out / 'code.log').read_text()
    assert code() == []
    assert [row[0] for row in json.loads((out / 'all_recordings.all').read_text())] == NAMES


def test_a_file_of_all_recordings_that_is_locked_for_a_while_is_no_failure(code, tmp_path, monkeypatch):
    boris = FORMATS['boris']

    def write(codings, path):
        if len(codings) < 3:
            raise PermissionError(13, 'locked', str(path))
        boris.write(codings, path)

    monkeypatch.setitem(FORMATS, 'boris', boris._replace(write=write))
    assert code() == []
    assert [row[0] for row in json.loads((tmp_path / 'out/all_recordings.all').read_text())] == NAMES


def test_a_disk_that_is_full_for_a_file_of_all_recordings_stops_the_run(code, network, monkeypatch):
    def fail(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setitem(FORMATS, 'boris', FORMATS['boris']._replace(write=fail))
    with pytest.raises(OSError, match='No space left'):
        code()
    assert network.seen == ['P01']


def test_a_video_that_vanishes_fails_alone(code, study, tmp_path, network):
    class Vanishing(type(network)):
        def __call__(self, recording, progress):
            if recording.name == 'P01':
                (study / 'P02.mp4').unlink()
            return super().__call__(recording, progress)

    [failure] = code(network=Vanishing())
    assert failure.subject.name == 'P02'
    assert 'P02.mp4' in failure.reason
    assert {path.stem for path in (tmp_path / 'out').rglob('*.json')} == {'P01', 'P03'}
    assert (tmp_path / 'out/deep/P01.json').exists()


def test_unexpected_errors_have_their_traceback_in_the_log(code, tmp_path, network):
    def recognize(recording, progress):
        raise ZeroDivisionError('of a codec')

    network.load = lambda: recognize
    assert len(code()) == 4
    log = (tmp_path / 'out/code.log').read_text()
    assert '[4 of 4] deep/P01.mp4 failed: ZeroDivisionError: of a codec' in log
    assert log.count('Traceback') == 4


def test_time_left_follows_the_size_of_the_videos():
    now = [0.0]
    left = TimeLeft(1000, lambda: now[0])
    assert str(left) == ''
    now[0] = 50.0
    left.advance(100)
    assert str(left) == '00:07:30 left'
    left.finish(200)
    now[0] = 3600.0
    assert str(left) == '04:00:00 left'
    left.drop(800)
    assert str(left) == '00:00:00 left'


def test_lines_say_which_recording_and_how_long(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr('mmaction_microaction.coding.run_log.time.monotonic', lambda: now[0])
    left = TimeLeft(400, lambda: now[0])
    with RunLog(tmp_path / 'code.log') as log, log.following('[7 of 20] P07.mp4', 200, left) as progress:
        progress(1, 10)
        now[0] = 301.0
        progress(5, 10)
        progress(6, 10)
    first, second = (tmp_path / 'code.log').read_text().splitlines()
    assert first[20:] == '[7 of 20] P07.mp4'
    assert second[20:] == '[7 of 20] P07.mp4 50 % … 00:15:03 left'
    assert first[4] == first[7] == '-'
