"""Tests of the server of the page by requests without a browser."""

import base64
import re
import shutil
import subprocess
import warnings
from dataclasses import replace

import cv2
import numpy as np
import pytest
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.pose_networks import write_pose_network
from helpers.poses import make_poses
from helpers.support import write_clip

pytest.importorskip('gradio', reason='the page needs the extra [web]')
import httpx
from helpers.visitors import Network, Visitor, files, wait_for_none

from mmaction_microaction.inference import MicroActionInferencer, SeveralPeopleWarning
from mmaction_microaction.label_sets import MA52, MA52_REST, LabelSet
from mmaction_microaction.webui import server
from mmaction_microaction.webui.layout import THIS
from mmaction_microaction.webui.models import load_models
from mmaction_microaction.webui.page import introduce
from mmaction_microaction.webui.server import serving
from mmaction_microaction.webui.uploads import Uploads

# Gradio uses functions that pandas 3 deprecates.
pytestmark = pytest.mark.filterwarnings('ignore:.*:DeprecationWarning:gradio')

# The fake network recognises nodding and waving.
_ACTIONS = TWO_HUNDRED.to_dict()['actions']
_RENAMED = [{**action, 'name': name} for action, name in zip(_ACTIONS, ('nodding', 'waving'))]
FAMILIES = LabelSet.from_dict({**TWO_HUNDRED.to_dict(), 'actions': [*_RENAMED, *_ACTIONS[2:]]})


@pytest.fixture(scope='module')
def examples(tmp_path_factory):
    path = tmp_path_factory.mktemp('examples') / 'example.mp4'
    write_clip(path)
    return [path]


@pytest.fixture(scope='module')
def served(examples):
    """Serve a page for clips of up to 10 s and 0.3 MB, and return its address and the folder of uploads."""
    with serving({'net': Network()}, examples, max_seconds=10, max_megabytes=0.3, port=0) as served:
        yield served


@pytest.fixture
def visitor(served):
    return Visitor(served[0])


@pytest.fixture
def clip(tmp_path):
    write_clip(tmp_path / 'clip.mp4')
    return tmp_path / 'clip.mp4'


def test_clip_is_recognised_and_deleted_when_removed(served, visitor, clip, tmp_path):
    sent = visitor.upload(clip)
    visitor.press('upload', sent)
    output, logs = visitor.recognize(sent, 'net')
    assert 'nodding (B1), 100.0%; body part: head' in output['data']['headline']
    assert logs == []
    visitor.press('export', 'json', THIS)
    assert files(served[1]) == ['clip.json', 'clip.mp4']
    write_clip(tmp_path / 'other.mp4', seed=1)
    visitor.press('upload', visitor.upload(tmp_path / 'other.mp4'))
    visitor.press('choose_recording', 'clip.mp4')
    visitor.press('remove')
    assert files(served[1]) == ['other.mp4']
    visitor.press('release')
    assert files(served[1]) == []


def test_files_are_deleted_when_the_page_is_closed(served, visitor, clip):
    with visitor.http.stream('GET', f'gradio_api/heartbeat/{visitor.session}') as alive:
        # The reference keeps the connection open.
        beats = alive.iter_lines()
        next(beats)
        visitor.recognize(visitor.upload(clip), 'net')
        visitor.press('export', 'json', THIS)
        assert files(served[1]) == ['clip.json', 'clip.mp4']
    wait_for_none(served[1])


def test_timeline_of_a_long_video_includes_warnings(served, visitor, tmp_path):
    write_clip(tmp_path / 'long.mp4', num_frames=270)
    output, logs = visitor.recognize(visitor.upload(tmp_path / 'long.mp4'), 'net')
    assert '1 micro-action in 9.0 s' in output['data']['headline']
    assert output['data']['table']['data'] == [['2.00', '3.00', 'C5', 'waving', 'upper limb', '0.500', '']]
    [shown] = logs
    assert shown.startswith('long.mp4 ends after 1.0 of 9.0 s')
    visitor.press('release')


def test_missing_gradients_are_reported(served, visitor, clip):
    sent = visitor.upload(clip)
    output, _ = visitor.recognize(sent, 'net')
    assert not output['data']['explanation']['visible']
    # The page hides the button, but a client may send the request directly.
    choices = output['data']['interval']['choices']
    output, _ = visitor.press('explain', choices[0][1])
    assert output['error'].startswith('Grad-CAM needs the gradients of a ResNet')
    visitor.press('release')


def test_invalid_uploads_are_deleted_with_a_message(served, visitor, tmp_path):
    (tmp_path / 'empty.mp4').touch()
    (tmp_path / 'noise.mp4').write_bytes(bytes(range(256)) * 40)
    write_clip(tmp_path / 'long.mp4', num_frames=330)
    for name, message in {
        'empty.mp4': r'empty\.mp4 is empty',
        'noise.mp4': r'noise\.mp4 .* video',
        'long.mp4': r'long\.mp4 .* 11\.0 seconds.* 10 ',
    }.items():
        sent = visitor.upload(tmp_path / name)
        output, logs = visitor.press('upload', sent)
        [shown] = logs
        assert re.match(message, shown)
        # The clip is removed from the page.
        assert output['data']['clip'] is None
        assert files(served[1]) == []
        assert visitor.press('begin', 'net')[0]['error'].startswith('There is no video yet')
        # A client may bypass the check of the page.
        output, _ = visitor.press('code', visitor.upload(tmp_path / name), '', '', '')
        assert output['error'] == shown
        assert files(served[1]) == []


def test_names_are_escaped_in_html(visitor, tmp_path):
    (tmp_path / 'a').touch()
    _, logs = visitor.press('upload', visitor.upload(tmp_path / 'a', name='a<script>&b.mp4'))
    assert '<' not in logs[0]
    assert 'is empty' in logs[0]


def test_files_that_are_too_large_are_refused(served, visitor, tmp_path):
    with open(tmp_path / 'large.mp4', 'wb') as file:
        file.truncate(400_000)
    with pytest.raises(httpx.HTTPStatusError, match='413'):
        visitor.upload(tmp_path / 'large.mp4')
    assert files(served[1]) == []


def test_an_upload_cannot_choose_its_folder(served, visitor, clip):
    for name in ('../../up.mp4', '/tmp/absolute.mp4', '..\\back.mp4'):
        path = visitor.upload(clip, name=name)['path']
        assert served[1] in type(served[1])(path).resolve().parents
        visitor.press('upload', {'path': path, 'meta': {'_type': 'gradio.FileData'}})
    visitor.press('release')
    assert files(served[1]) == []


@pytest.mark.parametrize(
    'path',
    [
        'gradio_api/file=/etc/passwd',
        'gradio_api/file=../../../../../../../etc/passwd',
        'gradio_api/file={uploads}/../../../etc/passwd',
        'gradio_api/file={uploads}/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
        'gradio_api/file%3D%2Fetc%2Fpasswd',
        'gradio_api/file=file:///etc/passwd',
        'gradio_api/file={secret}',
        'gradio_api/file={uploads}/../secret.txt',
        'gradio_api/file=http://127.0.0.1:{port}/config',
        'gradio_api/proxy=http://127.0.0.1:{port}/config',
        'file=/etc/passwd',
        'static/../../../../../../../../../etc/passwd',
        'assets/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd',
    ],
)
def test_files_outside_the_uploads_are_not_served(served, path, examples):
    url, uploads = served
    # Files next to the uploads and next to an example.
    (uploads.parent / 'secret.txt').write_text('secret')
    (examples[0].parent / 'secret.txt').write_text('secret')
    path = path.format(uploads=uploads, secret=examples[0].parent / 'secret.txt', port=httpx.URL(url).port)
    # httpx would normalise the path.
    request = httpx.Request('GET', url)
    request.url = request.url.copy_with(raw_path=f'/{path}'.encode())
    with httpx.Client() as http:
        response = http.send(request)
    assert response.status_code in (400, 403, 404, 405)
    assert 'root:' not in response.text
    assert 'secret' not in response.text.replace('secret.txt', '')


def test_examples_are_served(served, examples):
    response = httpx.get(f'{served[0]}gradio_api/file={examples[0]}')
    assert response.content == examples[0].read_bytes()


def test_examples_are_not_converted_by_ffmpeg(examples, monkeypatch):
    def convert(*_, **__):
        raise AssertionError('converted')

    monkeypatch.setattr('gradio.processing_utils.ffmpeg_installed', lambda: True)
    monkeypatch.setattr('gradio.processing_utils.video_is_playable', lambda path: False)
    monkeypatch.setattr('gradio.processing_utils.convert_video_to_playable_mp4', convert)
    with serving({'net': Network()}, examples, port=0) as (url, folder):
        output, _ = Visitor(url).press('choose_example', 0)
        assert output['data']['clip']['path'] == str(examples[0])
        assert files(folder) == []


@pytest.mark.skipif(shutil.which('openssl') is None, reason='needs openssl, to make a certificate')
def test_certificate_enables_https(examples, tmp_path):
    certificate, key = tmp_path / 'certificate.pem', tmp_path / 'key.pem'
    command = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2']
    subprocess.run([*command, '-keyout', key, '-out', certificate], check=True, capture_output=True)
    with serving({'net': Network()}, examples, port=0, ssl_certfile=certificate, ssl_keyfile=key) as (url, _):
        assert url.startswith('https://')
        assert httpx.get(url, verify=False).status_code == 200
    key.write_text('no key')
    with (
        pytest.raises(ValueError, match=r'certificate\.pem and .*key\.pem'),
        serving({'net': Network()}, examples, port=0, ssl_certfile=certificate, ssl_keyfile=key),
    ):
        pass


def test_urls_start_with_the_root_path_of_a_reverse_proxy(examples):
    with serving({'net': Network()}, examples, port=0, root_path='/micro') as (url, _):
        # nginx forwards the request without the path.
        headers = {'Host': 'lab.example.org', 'X-Forwarded-Host': 'lab.example.org', 'X-Forwarded-Proto': 'https'}
        assert httpx.get(f'{url}config', headers=headers).json()['root'] == 'https://lab.example.org/micro'


def test_other_files_are_not_recognised(visitor, clip):
    for path in (clip, '/etc/passwd'):
        output, _ = visitor.recognize({'path': str(path), 'meta': {'_type': 'gradio.FileData'}}, 'net')
        assert 'data' not in output
    assert clip.exists()


def test_other_networks_are_not_opened(visitor, examples, clip):
    example = {'path': str(examples[0]), 'meta': {'_type': 'gradio.FileData'}}
    assert 'nodding' in visitor.recognize(example, 'net')[0]['data']['headline']
    for name in (str(clip), '../net', 'other', ['net'], 0):
        output, _ = visitor.recognize(example, name)
        assert 'data' not in output
    assert examples[0].exists()


def test_no_files_remain_after_the_result_or_the_end(clip, tmp_path):
    with serving({'net': Network()}, [], keep_minutes=0, port=0) as (url, folder):
        visitor = Visitor(url)
        output, _ = visitor.recognize(visitor.upload(clip), 'net')
        assert 'nodding' in output['data']['headline']
        visitor.press('export', 'json', THIS)
        assert files(folder) == ['clip.json']
        visitor.upload(clip)
    assert not folder.parent.exists()


def test_browsers_load_resources_from_this_server_only(served):
    response = httpx.get(served[0])
    assert response.headers['content-security-policy'].startswith("default-src 'self' ")
    # Gradio's analytics are disabled.
    assert Visitor(served[0]).http.get('config').json()['analytics_enabled'] is False


def test_explanation_uses_the_network_of_the_result_while_the_clip_exists(clip, examples, monkeypatch):
    asked = []

    def explain(inferencer, *args, **kwargs):
        asked.append(inferencer)
        raise ValueError('no figure')

    monkeypatch.setattr('mmaction_microaction.webui.handlers.explain', explain)
    example = {'path': str(examples[0]), 'meta': {'_type': 'gradio.FileData'}}
    models = {'one': Network(gradients=True), 'other': Network(gradients=True)}
    for keep_minutes in (10, 0):
        with serving(models, examples, keep_minutes=keep_minutes, port=0) as (url, _):
            visitor = Visitor(url)
            for sent, kept in ((visitor.upload(clip), keep_minutes > 0), (example, True)):
                output, _ = visitor.recognize(sent, 'other')
                assert output['data']['explanation']['visible'] is kept
            visitor.press('explain', output['data']['interval']['choices'][0][1])
    assert asked == [models['other']] * 2


@pytest.mark.parametrize('label_set', [FOUR, FAMILIES], ids=lambda label_set: label_set.name)
def test_page_of_any_label_set(label_set, clip, tmp_path):
    with serving({'net': Network(label_set=label_set)}, [], port=0) as (url, _):
        visitor = Visitor(url)
        introduction = visitor.http.get('config').json()['components'][0]['props']['value']
        actions = f'one of the {len(label_set)} micro-actions'
        assert f'video of a person. A clip of up to 8 seconds is recognised as {actions}' in introduction
        assert label_set.title in introduction
        output, _ = visitor.recognize(visitor.upload(clip), 'net')
        shown = output['data']
        assert shown['actions']['label'].startswith('nodding')
        if label_set.has_groups:
            assert shown['headline'].startswith('### nodding (M0), 100.0%; family: family 0')
            assert shown['groups']['visible'] is True
            assert shown['groups']['label'] == 'Family (sum of its actions)'
            assert shown['groups']['value']['label'] == 'family 0'
        else:
            assert shown['headline'].startswith('### nodding (0), 100.0%\n')
            assert shown['groups']['visible'] is False
        write_clip(tmp_path / 'long.mp4', num_frames=270)
        output, _ = visitor.recognize(visitor.upload(tmp_path / 'long.mp4'), 'net')
        table = output['data']['table']
        group = ['family'] * label_set.has_groups
        assert table['headers'] == ['start', 'end', 'code', 'action', *group, 'score', 'comment']
        code, part = label_set.actions[1].code, ['family 1'] * label_set.has_groups
        assert table['data'] == [['2.00', '3.00', code, 'waving', *part, '0.500', '']]
        assert output['data']['plot']['value']['plot'].startswith('data:image')


def test_introduction_says_what_detectors_do(tmp_path):
    detector = Network()
    detector.is_detector = True
    options = dict(examples=[], max_seconds=10, max_megabytes=1, port=0)
    for models, has_clips in (({'one': detector}, False), ({'one': detector, 'two': Network()}, True)):
        with serving(models, **options) as (url, _):
            introduction = Visitor(url).http.get('config').json()['components'][0]['props']['value']
        assert 'several at once or none: each is one of the 52 micro-actions of MA-52' in introduction
        assert ('A clip of up to 8 seconds is recognised' in introduction) == has_clips


def test_introduction_says_on_whom_the_network_of_the_package_was_trained(tmp_path):
    [name] = load_models([()])
    uploads = Uploads(tmp_path, 10, 1)
    text = 'trained on rendered people, not on MA-52 or other real people'
    assert [text in introduce({each: Network()}, uploads, 60) for each in (name, 'net')] == [True, False]


def test_introduction_warns_of_networks_that_do_not_know_rest(tmp_path):
    uploads, rests = Uploads(tmp_path, 10, 1), Network()
    rests.label_set = MA52_REST
    texts = [introduce(models, uploads, 60) for models in ({'a': rests}, {'a': rests, 'b': Network()})]
    assert ['even for someone who does nothing' in text for text in texts] == [False, True]


def test_rendered_examples_are_offered_only_if_the_networks_know_their_actions(monkeypatch):
    rendered = []
    monkeypatch.setattr(server, 'render_examples', lambda folder, codes: rendered.append(codes) or [])
    for label_sets in ([FOUR], [MA52, FAMILIES], [MA52, TWO_HUNDRED]):
        models = {label_set.name: Network(label_set=label_set) for label_set in label_sets}
        with serving(models, port=0):
            pass
    assert rendered == [['A4', 'B1', 'C5', 'E4'], ['B1', 'C5']]


def test_network_of_poses_is_used_like_any_other(clip, tmp_path, monkeypatch):
    def estimate(video, settings, progress=None):
        return make_poses('clip', video.num_frames, (80, 96), num_joints=33)

    monkeypatch.setattr('mmaction_microaction.inference.pose_source.estimate_poses', estimate)
    networks = {'poses': MicroActionInferencer(*write_pose_network(tmp_path, 'pose'), 'cpu')}
    with serving(networks, [clip], max_seconds=10, max_megabytes=0.3, port=0) as (url, _):
        visitor = Visitor(url)
        sent = visitor.upload(clip)
        visitor.press('upload', sent)
        output, _ = visitor.recognize(sent, 'poses')
        best = networks['poses'](clip).top(1)[0]
        assert f'({best.action.code}), {best.score:.1%}' in output['data']['headline']


class Pair(Network):
    """Network that finds a nodding and a waving person in every clip."""

    def people(self, video, progress=None):
        nods = self(video)
        warnings.warn(f'{video.path} shows 2 people', SeveralPeopleWarning, stacklevel=2)
        boxes = [np.tile([left, 0, 40, 48], (video.num_frames, 1)) for left in (0, 50)]
        waves = replace(nods, scores=np.eye(len(MA52))[MA52.names.index('waving')])
        return [replace(nods, person='left', boxes=boxes[0]), replace(waves, person='right', boxes=boxes[1])]


def test_visitor_chooses_one_of_several_people(examples, clip):
    with serving({'pair': Pair()}, examples, port=0) as (url, folder):
        visitor = Visitor(url)
        sent = visitor.upload(clip)
        output, logs = visitor.recognize(sent, 'pair')
        shown = output['data']
        assert logs == []
        assert shown['headline'].startswith('### left: nodding (B1)')
        assert ', cropped to 40 x 48 pixels at 0,0' in shown['headline']
        assert shown['person']['visible']
        assert [choice[0] for choice in shown['person']['choices']] == ['left', 'right']
        assert shown['crop']['visible']
        assert 'right, cropped to 40 x 48 pixels at 50,0' in shown['crop']['value']
        encoded = re.search('base64,([^"]+)"', shown['crop']['value'])[1]
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == (80, 96, 3)
        visitor.press('export', 'scores.csv', THIS)
        [table] = folder.rglob('clip.csv')
        assert len(table.read_text('utf-8-sig').splitlines()) == 1 + 2 * 5
        output, _ = visitor.press('choose_person', 'right')
        assert 'waving (C5)' in output['data']['headline']
        output, _ = visitor.press('upload', visitor.upload(clip))
        assert not output['data']['person']['visible']
        assert not output['data']['crop']['visible']
        visitor.press('release')
