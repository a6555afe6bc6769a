"""Tests of the HTTP API by the examples of its guide."""

import json
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from helpers.support import ROOT, write_clip

pytest.importorskip('gradio', reason='the page needs the extra [web]')
from helpers.visitors import Network, Visitor, files, wait_for_none

from mmaction_microaction.coding.formats import FORMATS
from mmaction_microaction.structures.coding import read_coding
from mmaction_microaction.webui.recognition import StoppedError
from mmaction_microaction.webui.server import serving

# Gradio uses functions that pandas 3 deprecates.
pytestmark = pytest.mark.filterwarnings('ignore::DeprecationWarning')
GUIDE = (ROOT / 'docs/webui.md').read_text(encoding='utf-8').partition('## HTTP API')[2]
ADDRESS = 'http://127.0.0.1:7860'


@pytest.fixture(scope='module')
def served():
    with serving({'net': Network()}, [], max_seconds=10, port=0) as served:
        yield served


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Make a folder with ``interview.mp4``, in which the examples run."""
    write_clip(tmp_path / 'interview.mp4', num_frames=270)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def example(language, url):
    code = re.search(rf'```{language}\n(.*?)```', GUIDE, re.S)[1]
    assert ADDRESS in code
    return code.replace(ADDRESS, url.rstrip('/'))


def test_python_example_returns_the_coded_recording(served, folder, capsys):
    names = {}
    # The fake network finds one person.
    exec(example('python', served[0]).replace('left=P1, right=P2', 'P1'), names)
    assert capsys.readouterr().out == "['net']\n2 3 waving P1\n"
    coding = read_coding(names['file'])
    # The client stores downloads in the temporary folder.
    shutil.rmtree(Path(names['file']).parent)
    assert [(event.start, event.code, event.person) for event in coding.events] == [(2, 'C5', 'P1')]
    assert (coding.recording, coding.media) == ('interview', ('interview.mp4',))
    [warning] = coding.settings['warnings']
    assert warning.startswith('interview.mp4 ends after 1.0 of 9.0 s')


@pytest.mark.skipif(shutil.which('curl') is None, reason='needs curl')
def test_curl_example_returns_the_coded_recording(served, folder):
    script = example('bash', served[0])
    if '--json' not in subprocess.run(['curl', '--help', 'all'], capture_output=True, text=True, check=True).stdout:
        pytest.skip('curl is older than 7.82')
    done = subprocess.run(['bash', '-euo', 'pipefail', '-c', script], capture_output=True, text=True, check=True)
    event, data = done.stdout.strip().splitlines()
    assert event == 'event: complete'
    coding, file = json.loads(data.removeprefix('data: '))
    assert [event['action'] for event in coding['events']] == ['waving']
    assert file['orig_name'] == 'interview.json'
    # The video is deleted with the result.
    assert 'interview.mp4' not in files(served[1])


def test_names_for_other_people_are_a_warning_in_the_result(served, folder):
    visitor = Visitor(served[0])
    output, _ = visitor.press('code', visitor.upload(folder / 'interview.mp4'), '', '', 'left=P1, right=P2')
    [file] = output['data'].values()
    coding = read_coding(file['path'])
    assert [event.action for event in coding.events] == ['waving']
    assert coding.settings['warnings'][1:] == [
        "'left=P1' names nobody in this recording; write one name.",
        "'right=P2' names nobody in this recording; write one name.",
    ]


def test_names_do_not_depend_on_the_encoding_of_the_system(served, folder, monkeypatch):
    # Files are read in the encoding of Western Windows if no other one is named.
    monkeypatch.setattr('io.text_encoding', lambda encoding, stacklevel=2: encoding or 'cp1252')
    visitor = Visitor(served[0])
    data = [visitor.upload(folder / 'interview.mp4'), '', '', 'Zoë']
    event = visitor.http.post('gradio_api/call/code', json={'data': data}).json()['event_id']
    answer = visitor.http.get(f'gradio_api/call/code/{event}').text
    [coding, _] = json.loads(re.search(r'event: complete\ndata: (.*)', answer)[1])
    assert coding['people'] == ['Zoë']
    assert coding['events'][0]['person'] == 'Zoë'


def test_errors_of_the_api_name_the_remedy(served, folder):
    visitor = Visitor(served[0])
    for arguments, message in {
        ('other', '', ''): "'other' is not a network; choose one of net",
        ('', 'exe', ''): "'exe' is not a format; choose one of json",
        ('', '', 'left='): 'left=: expected names such as left=P1',
    }.items():
        output, _ = visitor.press('code', visitor.upload(folder / 'interview.mp4'), *arguments)
        assert message in output['error']
    secret = {'path': '/etc/passwd', 'meta': {'_type': 'gradio.FileData'}}
    assert 'data' not in visitor.press('code', secret, '', '', '')[0]
    assert 'interview.mp4' not in files(served[1])


def test_errors_of_writing_name_no_folder(served, folder, monkeypatch):
    def fail(codings, path):
        raise OSError(28, 'No space left on device', str(path))

    monkeypatch.setitem(FORMATS, 'eaf', FORMATS['eaf']._replace(write=fail))
    visitor = Visitor(served[0])
    output, _ = visitor.press('code', visitor.upload(folder / 'interview.mp4'), '', 'eaf', '')
    assert output['error'].startswith("[Errno 28] No space left on device: 'uploads/")
    assert output['error'].endswith("/interview.eaf'")


class Endless(Network):
    """Network that reports progress for more than a minute, or until the call is stopped."""

    def __init__(self):
        super().__init__()
        self.begun, self.stopped = threading.Event(), threading.Event()

    def __call__(self, video, progress=None):
        self.begun.set()
        try:
            # Longer than the tests wait.
            for _ in range(700):
                progress(1, 2)
                time.sleep(0.1)
        except StoppedError:
            self.stopped.set()
            raise


def test_a_call_ends_when_its_session_ends(folder):
    network = Endless()
    with serving({'net': network}, [], port=0) as (url, uploads):
        visitor = Visitor(url)
        with visitor.http.stream('GET', f'gradio_api/heartbeat/{visitor.session}') as alive:
            # The reference keeps the connection open.
            beats = alive.iter_lines()
            next(beats)
            visitor.ask('code', visitor.upload(folder / 'interview.mp4'), '', '', '')
            assert network.begun.wait(60)
        assert network.stopped.wait(60)
        wait_for_none(uploads)


def test_a_call_ends_when_the_connection_of_its_client_ends(folder, monkeypatch):
    # Gradio notices the end of a connection when it sends something.
    monkeypatch.setenv('GRADIO_HEARTBEAT_INTERVAL', '0.5')
    network = Endless()
    with serving({'net': network}, [], port=0) as (url, uploads):
        visitor = Visitor(url)
        data = [visitor.upload(folder / 'interview.mp4'), '', '', '']
        event = visitor.http.post('gradio_api/call/code', json={'data': data}).json()['event_id']
        with visitor.http.stream('GET', f'gradio_api/call/code/{event}') as answer:
            lines = answer.iter_lines()
            assert network.begun.wait(60)
            next(lines)
        assert network.stopped.wait(60)
        wait_for_none(uploads)


def test_only_these_calls_are_public(served):
    info = Visitor(served[0]).http.get('gradio_api/info').json()
    assert list(info['named_endpoints']) == ['/networks', '/code']
    assert [each['parameter_name'] for each in info['named_endpoints']['/code']['parameters']] == [
        'video',
        'network',
        'form',
        'names',
    ]
