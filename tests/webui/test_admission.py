"""Tests of uploads that are too many, too slow or incomplete."""

import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from helpers.support import write_clip

pytest.importorskip('gradio', reason='the page needs the extra [web]')
import httpx
from helpers.visitors import Network, Visitor, files, wait_for_none

from mmaction_microaction.webui import admission
from mmaction_microaction.webui.server import serving

# Gradio uses functions that pandas 3 deprecates.
pytestmark = pytest.mark.filterwarnings('ignore:.*:DeprecationWarning:gradio')
FORM = (
    b'--B\r\nContent-Disposition: form-data; name="files"; filename="interview.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
)


class BusyNetwork(Network):
    """Network that waits before it recognises a clip, and records the order of the clips."""

    def __init__(self):
        super().__init__()
        self.begun, self.go_on, self.seen = threading.Semaphore(0), threading.Semaphore(0), []

    def __call__(self, video, progress=None):
        self.seen.append(video.path)
        self.begun.release()
        assert self.go_on.acquire(timeout=60)
        return super().__call__(video, progress)


@pytest.fixture(scope='module')
def network():
    return BusyNetwork()


@pytest.fixture(scope='module')
def served(network):
    """Serve a page for uploads of up to 0.3 MB, and return its address and the folder of uploads."""
    with serving({'net': Network(), 'busy': network}, [], max_megabytes=0.3, port=0) as served:
        yield served


@pytest.fixture
def clip(tmp_path):
    write_clip(tmp_path / 'clip.mp4')
    return tmp_path / 'clip.mp4'


def begin_upload(url, size=200_000, sent=100_000):
    """Send the beginning of an upload, and return the connection."""
    url = httpx.URL(url)
    connection = socket.create_connection((url.host, url.port))
    head = 'POST /gradio_api/upload HTTP/1.1\r\nHost: here\r\nContent-Type: multipart/form-data; boundary=B\r\n'
    connection.sendall(f'{head}Content-Length: {size}\r\n\r\n'.encode() + FORM + bytes(sent))
    return connection


def wait_for_file(folder):
    while not any(path.stat().st_size for path in folder.rglob('tmp*') if path.is_file()):
        pass


def test_interrupted_upload_is_deleted(served):
    connection = begin_upload(served[0])
    wait_for_file(served[1])
    connection.close()
    wait_for_none(served[1])


def test_slow_upload_is_stopped_and_deleted(served, monkeypatch):
    monkeypatch.setattr(admission, 'UPLOAD_MINUTES', 0.01)
    connection = begin_upload(served[0])
    connection.settimeout(60)
    assert connection.recv(100).startswith(b'HTTP/1.1 408 ')
    wait_for_none(served[1])


def test_uploads_of_an_address_are_limited_in_number_and_rate(served, clip, monkeypatch):
    monkeypatch.setattr(admission, 'UPLOADS_AT_ONCE', 2)
    connections = [begin_upload(served[0]) for _ in range(2)]
    wait_for_file(served[1])
    visitor = Visitor(served[0])
    with pytest.raises(httpx.HTTPStatusError, match='429'):
        visitor.upload(clip)
    for connection in connections:
        connection.close()
    wait_for_none(served[1])
    # Recent uploads count, whether they were deleted or not.
    monkeypatch.setattr(admission, 'UPLOADS_KEPT', 1)
    with pytest.raises(httpx.HTTPStatusError, match='429'):
        visitor.upload(clip)
    monkeypatch.undo()
    visitor.press('upload', visitor.upload(clip))
    visitor.press('release')


def test_uploads_do_not_fill_the_disk(served, clip, monkeypatch):
    visitor = Visitor(served[0])
    monkeypatch.setattr('shutil.disk_usage', lambda path: type('Usage', (), {'free': 2000}))
    with pytest.raises(httpx.HTTPStatusError, match='503'):
        visitor.upload(clip)
    assert files(served[1]) == []


def test_other_requests_are_limited_in_size(served):
    visitor = Visitor(served[0])
    response = visitor.ask('upload', 'x' * 3_000_000)
    assert response.status_code == 413

    def parts():
        yield from [b'{"data": ["', *[b'x' * 100_000] * 30, b'"]}']

    assert visitor.http.post('gradio_api/queue/join', content=parts()).status_code in (400, 413)


@pytest.fixture
def site():
    """Serve a file of 20 MB, and return its address and the list of requests for it."""
    requests = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(bytes(20_000_000))

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    with HTTPServer(('127.0.0.1', 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{server.server_port}/big.mp4', requests
        server.shutdown()
        thread.join()


def test_urls_are_refused_and_nothing_is_fetched(served, site, monkeypatch):
    # Gradio fetches from public addresses only. This one stands for them.
    monkeypatch.setattr('safehttpx.is_public_ip', lambda ip: True)
    (url, requests), visitor = site, Visitor(served[0])
    sent = {'path': url, 'meta': {'_type': 'gradio.FileData'}}
    before = set(served[1].iterdir())
    for call, arguments in {'upload': [sent], 'upload_more': [[sent]], 'code': [sent, '', '', '']}.items():
        output, _ = visitor.press(call, *arguments)
        assert 'upload the file' in output['error']
    for method in ('GET', 'HEAD'):
        assert visitor.http.request(method, f'gradio_api/file={url}').status_code == 403
    assert requests == []
    assert set(served[1].iterdir()) == before


def test_uploads_of_too_many_files_are_rejected(served, clip):
    with httpx.Client(base_url=served[0]) as http:
        several = [('files', (f'{index}.mp4', clip.read_bytes()[:1000], 'video/mp4')) for index in range(21)]
        assert http.post('gradio_api/upload', files=several).status_code == 400
        assert files(served[1]) == []
        assert http.post('gradio_api/upload', files=several[:20]).status_code == 200
    for path in served[1].rglob('*.mp4'):
        path.unlink()


def test_visitors_with_the_same_file_do_not_share_it(served, clip):
    ada, ben = Visitor(served[0], 'Ada'), Visitor(served[0], 'Ben')
    of_ada, of_ben = ada.upload(clip), ben.upload(clip)
    ada.press('upload', of_ada)
    ada.press('release')
    output, _ = ben.recognize(of_ben, 'net')
    assert 'nodding (B1)' in output['data']['headline']
    ben.press('release')
    assert files(served[1]) == []


def test_visitors_take_turns_and_cannot_fill_the_queue(served, network, clip):
    ada, ben, eve = (Visitor(served[0], name) for name in ('Ada', 'Ben', 'Eve'))
    clips = {visitor: [visitor.upload(clip) for _ in range(2)] for visitor in (ada, ben)}
    for visitor in (ada, ben):
        visitor.press('upload_more', clips[visitor])
        visitor.press('begin', 'busy')
    assert ada.ask('recognize').status_code == 200
    assert network.begun.acquire(timeout=60)
    assert ada.ask('recognize').status_code == 200
    assert ada.ask('recognize').status_code == 503
    assert ben.ask('recognize').status_code == 200
    # Calls that do not need the network do not wait for it.
    eve.press('upload', eve.upload(clip))
    for _ in range(3):
        network.go_on.release()
    answers = [*ada.answers(2), *ben.answers(1)]
    assert all('error' not in output for output, _ in answers)
    # Ben's first recording comes before Ada's second one.
    assert network.seen == [clips[visitor][index]['path'] for visitor, index in ((ada, 0), (ben, 0), (ada, 1))]
    for visitor in (ada, ben, eve):
        visitor.press('release')
    assert files(served[1]) == []


def test_networks_are_stopped_at_the_time_limit(clip):
    with serving({'net': Network()}, [], max_minutes=0, port=0) as (url, _):
        visitor = Visitor(url)
        _, [shown] = visitor.recognize(visitor.upload(clip), 'net')
        assert 'clip.mp4 takes longer than the 0 minutes' in shown


def test_clips_are_deleted_when_they_were_not_used(clip):
    with serving({'net': Network()}, [], keep_minutes=0.5, port=0) as (url, folder):
        visitor = Visitor(url)
        visitor.press('upload', visitor.upload(clip))
        [path] = folder.rglob('clip.mp4')
        os.utime(path, (time.time() - 61,) * 2)
        wait_for_none(folder)
        visitor.press('begin', 'net')
        output, [shown] = visitor.press('recognize')
        assert shown.startswith('clip.mp4 is no longer here')
        assert shown in output['data']['headline']


def test_clips_are_kept_while_they_wait_for_the_network(clip):
    network = BusyNetwork()
    with serving({'busy': network}, [], keep_minutes=0.5, port=0) as (url, folder):
        ada, ben, program = (Visitor(url, name) for name in ('Ada', 'Ben', 'program'))
        for visitor in (ada, ben):
            visitor.press('upload', visitor.upload(clip))
            visitor.press('begin', 'busy')
            assert visitor.ask('recognize').status_code == 200
        assert network.begun.acquire(timeout=60)
        assert program.ask('code', program.upload(clip), '', '', '').status_code == 200
        paths = list(folder.rglob('clip.mp4'))
        assert len(paths) == 3
        # All have been there for more than half a minute, and the network of the first call reports no progress.
        for path in paths:
            os.utime(path, (time.time() - 90,) * 2)
        deadline = time.monotonic() + 20
        while any(path.stat().st_mtime < time.time() - 60 for path in paths):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for _ in range(3):
            network.go_on.release()
        for visitor in (ada, ben, program):
            [(output, shown)] = visitor.answers(1)
            assert 'data' in output
            assert shown == []


@pytest.mark.parametrize('error', [MemoryError('Unable to allocate 16 GiB'), ZeroDivisionError('division by zero')])
def test_unexpected_error_is_reported_in_a_sentence(error, clip, monkeypatch, capsys):
    def fail(*_):
        raise error

    with serving({'net': Network()}, [], port=0) as (url, folder):
        visitor = Visitor(url)
        sent = visitor.upload(clip)
        monkeypatch.setattr(Network, '__call__', fail)
        _, [shown] = visitor.recognize(sent, 'net')
        assert ('memory' in shown) is isinstance(error, MemoryError)
        assert str(error) not in shown
        # The operator of the server sees the error.
        assert str(error) in capsys.readouterr().err
        monkeypatch.setattr('mmaction_microaction.webui.uploads.LimitedVideo', fail)
        _, logs = visitor.press('upload', visitor.upload(clip))
        assert len(logs) == 1
        # Only the first upload is left.
        assert files(folder) == ['clip.mp4']
