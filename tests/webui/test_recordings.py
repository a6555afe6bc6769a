"""Tests of several recordings on the page, by requests without a browser."""

import json
import zipfile

import pytest
from helpers.support import write_clip

pytest.importorskip('gradio', reason='the page needs the extra [web]')
from helpers.visitors import Network, Pair, Visitor, files

from mmaction_microaction.webui.layout import THIS
from mmaction_microaction.webui.server import serving
from mmaction_microaction.webui.view import ALL

# Gradio uses functions that pandas 3 deprecates.
pytestmark = pytest.mark.filterwarnings('ignore:.*:DeprecationWarning:gradio')


@pytest.fixture(scope='module')
def served():
    with serving({'pair': Pair(), 'net': Network()}, [], max_files=4, port=0) as served:
        yield served


@pytest.fixture
def visitor(served):
    visitor = Visitor(served[0])
    yield visitor
    visitor.press('release')
    assert files(served[1]) == []


@pytest.fixture
def clips(tmp_path):
    """Write videos of 5 s."""
    paths = [tmp_path / name for name in ('a.mp4', 'odd.mp4', 'b.mp4')]
    for path in paths:
        write_clip(path, num_frames=150)
    return paths


def work_through(visitor, model):
    """Recognise all recordings as the page does, and return the outputs and the messages."""
    visitor.press('begin', model)
    outputs, messages = [], []
    while not outputs or outputs[-1]['data']['stop'].get('visible') is not False:
        output, logs = visitor.press('recognize')
        outputs.append(output)
        messages += logs
        assert len(outputs) < 9
    return [output['data'] for output in outputs], messages


def listed(data):
    """Return the texts of the list of recordings."""
    return [text for text, _ in data['recording']['choices']]


def row(visitor, values):
    """Select a row of the table."""
    query = dict(
        data=[],
        fn_index=visitor.calls['select']['id'],
        session_hash=visitor.session,
        event_data={'index': [0, 0], 'value': values[0], 'row_value': values},
    )
    visitor.asked[visitor.http.post('gradio_api/queue/join', json=query).json()['event_id']] = 'select'
    return visitor.answers(1)[0]


def test_a_failed_file_does_not_stop_the_others(visitor, clips, tmp_path):
    (tmp_path / 'noise.mp4').write_bytes(b'noise')
    sent = [visitor.upload(path) for path in (tmp_path / 'noise.mp4', *clips)]
    output, [refused] = visitor.press('upload_more', sent)
    assert refused.startswith('noise.mp4 cannot be read')
    names = [name for _, name in output['data']['recording']['choices']]
    assert names == ['a.mp4', 'odd.mp4', 'b.mp4']
    outputs, [failed] = work_through(visitor, 'pair')
    assert failed == 'odd.mp4 has an odd frame; encode it again'
    assert len(outputs) == 3
    assert outputs[-1]['progress'].startswith('2 of 3 recordings recognised, 1 not recognised')
    assert listed(outputs[-1]) == ['a.mp4: 3 actions', 'odd.mp4: could not be recognised', 'b.mp4: 3 actions']
    output, _ = visitor.press('choose_recording', 'odd.mp4')
    assert 'odd.mp4 has an odd frame' in output['data']['headline']
    output, _ = visitor.press('choose_recording', 'b.mp4')
    assert 'b.mp4' in output['data']['headline']
    assert output['data']['clip']['path'] == sent[3]['path']
    # The cross deletes this recording alone.
    output, _ = visitor.press('remove')
    assert [name for _, name in output['data']['recording']['choices']] == ['a.mp4', 'odd.mp4']


def test_too_many_recordings_are_refused_by_name(served, visitor, clips):
    visitor.press('upload_more', [visitor.upload(path) for path in clips])
    _, [refused] = visitor.press('upload_more', [visitor.upload(path) for path in clips[:2]])
    assert refused.startswith('odd.mp4 was not added: a page may have 4 videos')
    assert files(served[1]) == ['a.mp4', 'a.mp4', 'b.mp4', 'odd.mp4']


def test_corrections_of_a_person_are_in_the_export(served, visitor, clips):
    visitor.press('upload_more', [visitor.upload(path) for path in (clips[0], clips[2])])
    work_through(visitor, 'pair')
    form = ('left', '', 'json', THIS)
    _, [message] = visitor.press('change', 1, 2, 'waving', *form)
    assert message.startswith('Select a row')
    output, _ = row(visitor, ['2.00', '3.00', 'B1', 'nodding', 'head', '0.600', ''])
    assert (output['data']['start'], output['data']['action']) == (2, 'nodding')
    _, [message] = visitor.press('change', 3, 2.5, 'nodding', *form)
    assert message.startswith('Row 2: the end, 2.5 s')
    output, _ = visitor.press('change', 2, 3.5, 'waving', *form)
    assert [cells[:4] for cells in output['data']['table']['data']] == [
        ['0.00', '1.00', 'B1', 'nodding'],
        ['2.00', '3.50', 'C5', 'waving'],
    ]
    assert output['data']['comment'] == ''  # the form holds the remark alone
    row(visitor, ['0.00', '1.00', 'B1', 'nodding', 'head', '0.900', ''])
    output, _ = visitor.press('delete', 'json', THIS)
    assert output['data']['headline'].startswith('### left: 1 micro-action in 5.0 s')
    # An event of the other person is added to the table of that person.
    output, _ = visitor.press('add', 4, 4.5, 'shrugging', 'right', 'unsure', 'json', THIS)
    assert len(output['data']['table']['data']) == 1
    _, [message] = visitor.press('rename', 'left=P1, 3=P2', 'json', THIS)
    assert "'3=P2' names nobody" in message.replace('&#x27;', "'")
    output, _ = visitor.press('rename', 'left=P1, right=P2', 'json', THIS)
    assert output['data']['person']['choices'] == [['P1', 'left'], ['P2', 'right']]
    assert output['data']['headline'].startswith('### P1: ')
    visitor.press('name_coder', 'AB', 'json', THIS)
    [path] = served[1].rglob('a.json')
    coding = json.loads(path.read_text())
    assert [(event['person'], event['action'], event['comment']) for event in coding['events'][1:]] == [
        ('P1', 'waving', 'corrected: was nodding, 2.00 to 3.00 s'),
        ('P2', 'shrugging', 'unsure; added'),
    ]
    assert coding['coder'].endswith(', corrected by AB')
    assert coding['settings']['corrections']['deleted'] == ['P1: nodding, 0.00 to 1.00 s']
    # Corrections are not overwritten by the other network.
    outputs, _ = work_through(visitor, 'net')
    assert listed(outputs[-1]) == ['a.mp4: 3 actions, corrected (kept, not recognised by net)', 'b.mp4: 1 action']
    assert 'has corrections' in visitor.press('begin', 'net')[0]['error']
    visitor.press('export', 'json', ALL)
    [path] = served[1].rglob('recordings.zip')
    assert zipfile.ZipFile(path).namelist() == ['a.json', 'b.json']


def test_recognition_can_be_stopped(visitor, clips):
    visitor.press('upload_more', [visitor.upload(path) for path in clips])
    visitor.press('begin', 'pair')
    visitor.press('recognize')
    visitor.press('stop')
    output, _ = visitor.press('recognize')
    assert output['data']['progress'].startswith('Stopped. 1 of 3')
    assert output['data']['stop']['visible'] is False
    # The next press goes on with the others.
    outputs, _ = work_through(visitor, 'pair')
    assert len(outputs) == 2
