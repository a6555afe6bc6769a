"""Tests of the handlers of the page without a server."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.support import write_clip

pytest.importorskip('gradio', reason='the page needs the extra [web]')
from helpers.visitors import Network, Pair

from mmaction_microaction.webui.correcting import CorrectionHandlers
from mmaction_microaction.webui.handlers import Handlers
from mmaction_microaction.webui.layout import THIS
from mmaction_microaction.webui.uploads import Uploads
from mmaction_microaction.webui.view import Components, View

ADA = SimpleNamespace(session_hash='Ada')


class Interrupted(Network):
    """Network in whose work the visitor does something, the function ``meanwhile``."""

    meanwhile = None

    def __init__(self):
        super().__init__()
        self.seen = []

    def people(self, video, progress=None):
        self.seen.append(Path(video.path).name)
        if self.meanwhile:
            self.meanwhile()
        return super().people(video, progress)


class Page:
    """The page of a visitor. Components are their names, and messages are warnings, as outside of requests."""

    def __init__(self, folder, examples):
        self.network, self.folder = Interrupted(), folder
        uploads = Uploads(folder, max_seconds=10, max_megabytes=1, max_files=4)
        view = View(Components(*Components._fields), {'pair': Pair(), 'net': self.network}, uploads)
        self.handlers, self.corrections = Handlers(view, examples, keep_uploads=True), CorrectionHandlers(view)
        self.visit = view.visit(ADA)

    def press(self, name, *values):
        return getattr(self.handlers, name)(*values, ADA)

    def upload(self, *names):
        for name in names:
            write_clip(self.folder / name, num_frames=150)
        return self.press('upload_more', [str(self.folder / name) for name in names])

    def recognize(self, model):
        """Recognise all recordings, and return the last output."""
        output = self.press('begin', model)
        while 'tick' in output:
            output = self.handlers.recognize(ADA, lambda *_, **__: None)
        return output

    def correct(self, name):
        self.press('choose_recording', name)
        self.corrections.add(4, 4.5, 'shrugging', 'left', '', 'json', THIS, ADA)

    @property
    def listed(self):
        return [recording.describe() for recording in self.visit.recordings]


@pytest.fixture
def page(tmp_path):
    examples = [tmp_path / name for name in ('one.mp4', 'two.mp4')]
    for path in examples:
        write_clip(path)
    (tmp_path / 'uploads').mkdir()
    return Page(tmp_path / 'uploads', examples)


def test_corrections_during_the_recognition_are_kept(page):
    page.upload('a.mp4', 'b.mp4')
    page.recognize('pair')

    def correct_both():
        # One recording waits, the other one is being recognised.
        for name in ('b.mp4', 'a.mp4'):
            page.correct(name)

    page.network.meanwhile = correct_both
    with pytest.warns(UserWarning, match='was corrected'):
        output = page.recognize('net')
    assert page.network.seen == ['a.mp4']
    kept = '4 actions, corrected (kept, not recognised by net)'
    assert page.listed == [f'a.mp4: {kept}', f'b.mp4: {kept}']
    # The table and the form that the visitor uses stay as they are.
    assert 'table' not in output


def test_a_second_press_does_not_recognise_a_recording_twice(page):
    page.upload('a.mp4')

    def press_again():
        page.network.meanwhile = None
        assert 'tick' not in page.press('begin', 'net')
        page.upload('b.mp4')
        assert 'tick' not in page.press('begin', 'net')

    page.network.meanwhile = press_again
    output = page.recognize('net')
    assert page.network.seen == ['a.mp4', 'b.mp4']
    assert output['progress'].startswith('2 of 2')


def test_a_press_with_another_network_recognises_the_running_recording_again(page):
    page.upload('a.mp4')
    page.network.meanwhile = lambda: page.press('begin', 'pair')
    page.recognize('net')
    assert page.visit.shown.model == 'pair'


def test_names_of_people_and_coder_outlast_another_recognition(page):
    page.upload('a.mp4')
    page.recognize('pair')
    page.corrections.rename('left=P1, right=P2', 'json', THIS, ADA)
    page.corrections.name_coder('AB', 'json', THIS, ADA)
    output = page.recognize('pair')
    assert output['person']['choices'] == [('P1', 'left'), ('P2', 'right')]
    page.correct('a.mp4')
    [path] = page.folder.rglob('a.json')
    coding = json.loads(path.read_text())
    assert {event['person'] for event in coding['events']} == {'P1', 'P2'}
    assert coding['coder'].endswith(', corrected by AB')


def test_an_earlier_result_outlasts_a_failure(page):
    page.upload('a.mp4')
    page.recognize('pair')
    (page.folder / 'a.mp4').unlink()
    with pytest.warns(UserWarning, match=r'a\.mp4 is no longer here'):
        page.recognize('net')
    assert page.listed == ['a.mp4: 3 actions']


def test_clips_and_examples_are_added_and_no_corrections_are_lost(page):
    page.upload('a.mp4')
    page.recognize('pair')
    page.correct('a.mp4')
    for example in (0, 1, 0):
        output = page.press('choose_example', example)
    assert Path(output['clip']).name == 'one.mp4'
    write_clip(page.folder / 'b.mp4')
    output = page.press('upload', str(page.folder / 'b.mp4'))
    assert output['recording']['value'] == 'b.mp4'
    assert page.listed == [
        'a.mp4: 4 actions, corrected',
        *(f'{name}.mp4: not recognised yet' for name in ('one', 'two', 'b')),
    ]
    with pytest.warns(UserWarning, match=r'c\.mp4 was not added: a page may have 4 videos'):
        page.upload('c.mp4')
    assert not (page.folder / 'c.mp4').exists()


def test_recordings_can_be_recognised_once_the_server_has_one(page):
    assert page.upload('a.mp4', 'b.mp4')['recognize']['interactive']
    assert page.press('remove')['recognize']['interactive']
    assert not page.press('remove')['recognize']['interactive']


def test_the_recording_on_the_page_is_recognised_first(page):
    page.upload('a.mp4', 'b.mp4')
    page.press('choose_recording', 'b.mp4')
    page.recognize('net')
    assert page.network.seen == ['b.mp4', 'a.mp4']
    assert page.visit.shown.name == 'b.mp4'


def test_corrections_are_removed_on_the_second_request_only(page):
    page.upload('a.mp4', 'b.mp4')
    page.recognize('pair')
    page.correct('a.mp4')
    for _ in range(2):
        # Another choice takes the first request back.
        page.press('choose_recording', 'b.mp4')
        page.press('choose_recording', 'a.mp4')
        with pytest.warns(UserWarning, match=r'a\.mp4 has corrections'):
            page.press('remove')
        assert len(page.listed) == 2
    page.press('remove')
    assert page.listed == ['b.mp4: 3 actions']
    page.press('remove')
    assert page.listed == []
    assert not any(path.is_file() for path in page.folder.rglob('*'))
