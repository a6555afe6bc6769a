"""Tests of the page over https, in a real browser: by its own certificate, and by that of nginx."""

import re
import shutil
import subprocess

import numpy as np
import pytest

pytest.importorskip('gradio', reason='the page needs the extra [web]')
from helpers.browser import MARKS, PATIENCE, api, opened_browser
from helpers.nginx import NEEDS_NGINX, proxied_by_nginx
from helpers.visitors import Network

from mmaction_microaction.video.writer import write_video
from mmaction_microaction.webui.server import serving

pytestmark = [
    *MARKS,
    pytest.mark.skipif(shutil.which('openssl') is None, reason='needs openssl, to make a certificate'),
    pytest.mark.filterwarnings('ignore:.*:DeprecationWarning:gradio'),
]


@pytest.fixture
def certificate(tmp_path):
    """Make a certificate by the command of the guide, and return its path and that of its key."""
    paths = tmp_path / 'cert.pem', tmp_path / 'key.pem'
    command = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '30']
    subprocess.run([*command, '-out', paths[0], '-keyout', paths[1]], check=True, capture_output=True)
    return paths


@pytest.fixture(params=['option', pytest.param('nginx', marks=NEEDS_NGINX)])
def address(request, certificate, tmp_path):
    """Serve a page over https, and return its address."""
    options = dict(max_seconds=10, max_megabytes=1, port=0)
    if request.param == 'option':
        with serving({'net': Network()}, [], ssl_certfile=certificate[0], ssl_keyfile=certificate[1], **options) as (
            url,
            _,
        ):
            yield url
    else:
        with (
            serving({'net': Network()}, [], root_path='/micro', **options) as (url, _),
            proxied_by_nginx(url, tmp_path, certificate) as outer,
        ):
            yield outer


def test_browser_trusts_the_page_with_the_camera_and_shows_a_result(address, tmp_path):
    # Chromium plays H.264 only.
    write_video(tmp_path / 'clip.mp4', np.zeros((12, 64, 64, 3), np.uint8), (64, 64), fps=30)
    secure = re.sub(r'//[^:/]+', '//lab.test', address)
    with opened_browser() as browser:
        page = browser.new_page(ignore_https_errors=True)
        page.set_default_timeout(PATIENCE)
        api.expect.set_options(timeout=PATIENCE)
        asked, failures = [], []
        page.on('request', lambda request: asked.append(request.url))
        page.on('console', lambda message: failures.append(message.text) if message.type == 'error' else None)
        page.goto(secure)
        page.locator('#recognize').wait_for()
        assert page.evaluate('window.isSecureContext')
        assert page.evaluate('typeof navigator.mediaDevices.getUserMedia') == 'function'
        api.expect(page.get_by_text('The camera is blocked')).to_have_count(0)
        page.locator('#clip input[type=file]').set_input_files(tmp_path / 'clip.mp4')
        page.locator('#clip video').wait_for()
        page.locator('#recognize').click()
        page.locator('#headline', has_text='nodding (B1)').wait_for()
        api.expect(page.locator('#download')).to_contain_text('.json')
        with page.expect_download() as download:
            page.locator('#download').click()
        assert 'nodding' in download.value.path().read_text()
        # A request to http would be refused by browsers as mixed content.
        assert [url for url in asked if not url.startswith((secure, 'data:', 'blob:'))] == []
        assert [text for text in failures if 'Mixed Content' in text or 'Security Policy' in text] == []
