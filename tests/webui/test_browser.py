"""Tests of the page in a real browser, served by the tool."""

import json
import os
import re
import subprocess
import sys
import time

import pytest
from helpers.detection import write_detector
from helpers.label_sets import FOUR, TWO_HUNDRED
from helpers.networks import write_network
from helpers.support import ROOT

pytest.importorskip('gradio', reason='the page needs the extra [web]')
from helpers.browser import MARKS, PATIENCE, api, opened_browser

pytestmark = MARKS


@pytest.fixture(scope='module')
def tool(trained, clips, tmp_path_factory):
    """Start the tool with the clips as examples, and return the page's address and the folder of temporary files."""
    config, checkpoint = trained
    temporary = tmp_path_factory.mktemp('tmp')
    detector = write_detector(tmp_path_factory.mktemp('detector'), std=1, whole_pyramid=True)
    command = [sys.executable, ROOT / 'tools/webui.py', '--model', config, checkpoint, '--max-seconds', '20']
    command += ['--model', *detector]
    for label_set in (FOUR, TWO_HUNDRED):
        folder = tmp_path_factory.mktemp(label_set.name)
        command += ['--model', *write_network(folder, len(label_set), label_set, name=label_set.name)]
    command += ['--examples', clips[9].parent, '--port', '0']
    process = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, 'TMPDIR': str(temporary), 'PYTHONUNBUFFERED': '1'},
    )
    # Libraries may print other lines before the address.
    address = next((match[0] for line in process.stdout if (match := re.search(r'http://\S+(?=,)', line))), None)
    assert address, 'the tool ended'
    yield address, temporary
    process.terminate()
    assert process.wait(60) == 0
    assert not list(temporary.glob('micro-actions-*'))


@pytest.fixture(scope='module')
def browser():
    # Pages of one context share its cache.
    with opened_browser() as browser:
        yield browser.new_context()


@pytest.fixture
def page(tool, browser):
    """Open the page. Fail after the test if the page sent requests to another server."""
    address, temporary = tool
    page = browser.new_page()
    asked, complaints = [], []
    page.on('request', lambda request: asked.append(request.url))
    page.on('console', lambda message: complaints.append(message.text) if 'Security Policy' in message.text else None)
    page.set_default_timeout(PATIENCE)
    api.expect.set_options(timeout=PATIENCE)
    page.goto(address)
    yield page
    assert len(asked) > 10
    assert [url for url in asked if not url.startswith((address, 'data:', 'blob:'))] == []
    # Some blocked requests appear only as messages.
    assert complaints == []
    page.close()
    deadline = time.monotonic() + 60
    while uploads := [path for path in temporary.glob('micro-actions-*/uploads/**/*') if path.is_file()]:
        assert time.monotonic() < deadline, uploads
        time.sleep(0.2)


def upload(page, path):
    page.locator('#clip input[type=file]').set_input_files(path)


def recognise(page, path):
    upload(page, path)
    page.locator('#clip video').wait_for()
    page.locator('#recognize').click()


def download(page, form):
    """Download the file of a format, and return its content as JSON."""
    button = page.locator('#download')
    api.expect(button).to_contain_text('.json')
    page.locator('#format input').click()
    title = {'json': 'JSON, with everything', 'scores.json': 'Scores of the network, uncorrected (.json)'}[form]
    with page.expect_response(re.compile('queue/data')):
        page.get_by_role('option', name=title).click()
    # Gradio dims components until the answer is there.
    page.wait_for_timeout(500)
    with page.expect_download() as download:
        button.click()
    return json.loads(download.value.path().read_text())


def test_page_shows_actions_of_uploaded_clips(page, clips):
    for label, name, part in ((9, 'nodding B1', 'head'), (25, 'curling legs D7', 'lower limb')):
        recognise(page, clips[label])
        found, code = page.locator('#headline'), name[-2:]
        api.expect(found).to_contain_text(f'{name[:-3]} ({code})')
        api.expect(found).to_contain_text(f'body part: {part}')
        api.expect(found).to_contain_text(clips[label].name)
        bars = page.locator('#actions').inner_text().split('\n')
        shares = [int(line[:-1]) for line in bars if line.endswith('%')]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)
        assert next(line for line in bars if line and line != 'Action').split() == name.split()
        assert part in page.locator('#groups').inner_text()
        result = download(page, 'scores.json')[0]
        assert result['video'] == clips[label].name
        assert result['actions'][0]['label'] == label
        page.get_by_label('Clear').click()
        api.expect(page.locator('#recognize')).to_be_disabled()


def test_page_shows_the_gradcam_map_of_an_example(page):
    page.get_by_role('button', name='nod', exact=True).click()
    page.locator('#clip video').wait_for()
    page.locator('#recognize').click()
    api.expect(page.locator('#headline')).to_contain_text('nodding (B1)')
    page.locator('#gradcam').click()
    picture = page.locator('#maps img')
    picture.wait_for()
    assert picture.evaluate('image => image.naturalWidth') > 500


def test_selected_row_seeks_to_its_time_in_the_video(page, long_video):
    recognise(page, long_video)
    api.expect(page.locator('#headline')).to_contain_text('micro-actions in 10.0 s')
    page.locator('#plot img').wait_for()
    rows = page.locator('#table [data-testid^=cell-][data-testid$="-3"]')
    first, last = rows.first, rows.last
    assert first.inner_text().strip() == 'nodding'
    assert last.inner_text().strip() == 'curling legs'
    last.click()
    page.wait_for_function('document.querySelector("#clip video").currentTime > 3')
    asked = page.locator('#interval input')
    api.expect(asked).to_have_value(re.compile('curling legs  D7'))
    start = float(asked.input_value().split()[0])
    # The action changes at 5 s. A window lasts 1.5 s.
    assert 4 <= start <= 6
    assert page.evaluate('document.querySelector("#clip video").currentTime') == pytest.approx(start, abs=0.1)


def test_detections_that_overlap_are_shown_in_rows(page, long_video):
    page.locator('#model input').click()
    page.get_by_role('option', name='detector, detector').click()
    recognise(page, long_video)
    found = page.locator('#headline')
    api.expect(found).to_contain_text('micro-actions in 10.0 s with a score of at least 0.3')
    count = int(re.search(r'(\d+) micro-actions', found.inner_text())[1])
    picture = page.locator('#plot img')
    picture.wait_for()
    [result] = download(page, 'scores.json')
    intervals = result['intervals']
    assert len(intervals) == count > 10
    # The table shows the same rows, and several at a time.
    cells = [page.locator(f'#table [data-testid=cell-{row}-{column}]') for row in range(4) for column in range(4)]
    texts = [cell.inner_text().strip() for cell in cells]
    rows = [texts[start : start + 4] for start in range(0, 16, 4)]
    keys = ('code', 'action')
    listed = [[f'{i["start"]:.2f}', f'{i["end"]:.2f}', *(i[key] for key in keys)] for i in intervals]
    assert all(row in listed for row in rows)
    # Rows of the same time are in the order of their names.
    assert [row[:2] for row in rows] == [row[:2] for row in listed[:4]]
    assert float(rows[0][1]) > float(rows[1][0])
    # Without lanes, the figure would be 2.9 by 7.5 inches.
    height, width = picture.evaluate('image => [image.naturalHeight, image.naturalWidth]')
    assert height / width > 1.2 * 2.9 / 7.5
    # A detector has no Grad-CAM.
    api.expect(page.locator('#gradcam')).to_be_hidden()


@pytest.mark.parametrize('label_set', [FOUR, TWO_HUNDRED], ids=lambda each: each.name)
def test_answers_have_the_actions_of_the_chosen_network(page, clips, label_set):
    page.locator('#model input').click()
    page.get_by_role('option', name=f'{label_set.name}, {label_set.name}').click()
    recognise(page, clips[9])
    found = page.locator('#headline')
    api.expect(found).to_contain_text(clips[9].name)
    [result] = download(page, 'scores.json')
    best = result['actions'][0]
    assert best['action'] in label_set.names
    api.expect(found).to_contain_text(best['action'])
    if label_set.has_groups:
        api.expect(found).to_contain_text(f'family: {best["group"]}')
        assert best['group'] in page.locator('#groups').inner_text()
    else:
        api.expect(page.locator('#groups')).to_be_hidden()


def test_invalid_upload_shows_a_message(page, tmp_path):
    (tmp_path / 'noise.mp4').write_bytes(bytes(range(256)) * 40)
    upload(page, tmp_path / 'noise.mp4')
    api.expect(page.get_by_text('noise.mp4 cannot be read as a video')).to_be_visible()
    api.expect(page.locator('#clip video')).to_have_count(0)
    api.expect(page.locator('#recognize')).to_be_disabled()


def test_two_videos_a_correction_and_an_export(page, clips, long_video, tmp_path):
    (tmp_path / 'noise.mp4').write_bytes(bytes(range(256)) * 40)
    page.locator('#more input[type=file], input[type=file][multiple]').first.set_input_files(
        [long_video, tmp_path / 'noise.mp4', clips[25]]
    )
    api.expect(page.get_by_text('noise.mp4 cannot be read as a video')).to_be_visible()
    page.locator('#recognize').click()
    api.expect(page.locator('#progress')).to_contain_text('2 of 2 recordings recognised')
    api.expect(page.locator('#headline')).to_contain_text(long_video.name)
    page.locator('#table [data-testid=cell-0-3]').click()
    page.locator('#correct button').first.click()
    action = page.locator('#action input')
    api.expect(action).to_have_value('nodding  B1')
    old_end = page.locator('#end input').input_value()
    page.locator('#end input').fill('0')
    page.locator('#change').click()
    api.expect(page.get_by_text('Row 1: the end, 0 s, must be after the start')).to_be_visible()
    page.locator('#end input').fill('1.25')
    action.click()
    action.fill('waving')
    page.get_by_role('option', name='waving  C5').click()
    page.locator('#change').click()
    api.expect(page.locator('#table [data-testid=cell-0-1]')).to_have_text('1.25')
    api.expect(page.locator('#recording')).to_contain_text('corrected')
    coding = download(page, 'json')
    first = coding['events'][0]
    assert (first['start'], first['end'], first['code']) == (0, 1.25, 'C5')
    assert first['comment'] == f'corrected: was nodding, 0.00 to {float(old_end):.2f} s'
    assert 'score' not in first
    # The other recording is the clip.
    page.locator('#recording label').nth(1).click()
    api.expect(page.locator('#headline')).to_contain_text('curling legs (D7)')


def test_page_says_whether_the_browser_blocks_the_camera(tool, browser):
    address, _ = tool
    for host, blocked in (('127.0.0.1', False), ('lab.test', True)):
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address.replace('127.0.0.1', host))
        page.locator('#recognize').wait_for()
        notice = page.get_by_text('The camera is blocked')
        api.expect(notice).to_be_visible() if blocked else api.expect(notice).to_have_count(0)
        page.close()
