"""Test of the page behind nginx, with the block of the guide."""

import re
import time

import pytest
from helpers.support import write_clip

pytest.importorskip('gradio', reason='the page needs the extra [web]')
import httpx
from helpers.nginx import NEEDS_NGINX, proxied_by_nginx
from helpers.visitors import Network, Visitor, files

from mmaction_microaction.webui.layout import THIS
from mmaction_microaction.webui.server import serving

pytestmark = [
    NEEDS_NGINX,
    pytest.mark.filterwarnings('ignore:.*:DeprecationWarning:gradio'),
]


@pytest.fixture
def proxied(tmp_path):
    """Serve a page behind nginx, and return its address and the folder of uploads."""
    options = dict(max_seconds=10, max_megabytes=0.3, port=0, root_path='/micro')
    with serving({'net': Network()}, [], **options) as (url, folder), proxied_by_nginx(url, tmp_path) as address:
        yield address, folder


def test_page_below_a_path_of_nginx(proxied, tmp_path):
    address, folder = proxied
    write_clip(tmp_path / 'long.mp4', num_frames=270)
    visitor = Visitor(address)
    config = visitor.http.get('config').json()
    assert config['root'] == address.rstrip('/')
    # All files of the page are below the path.
    scripts = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', visitor.http.get('').text)
    assert scripts
    for script in scripts:
        assert script.startswith(('./', '/micro/', address)), script
        assert visitor.http.get(script.removeprefix('./')).status_code == 200
    # Results arrive as a stream.
    output, _ = visitor.recognize(visitor.upload(tmp_path / 'long.mp4'), 'net')
    assert '1 micro-action in 9.0 s' in output['data']['headline']
    output, _ = visitor.press('export', 'json', THIS)
    link = output['data']['download']['value']['url']
    assert link.startswith(f'{address}gradio_api/file=')
    assert visitor.http.get(link).json()['events'][0]['action'] == 'waving'
    # Large files are refused by the page, which says why.
    (tmp_path / 'large.mp4').write_bytes(bytes(400_000))
    with pytest.raises(httpx.HTTPStatusError, match='413'):
        visitor.upload(tmp_path / 'large.mp4')
    # nginx closes the connection of a closed page.
    with visitor.http.stream('GET', f'gradio_api/heartbeat/{visitor.session}') as alive:
        beats = alive.iter_lines()
        next(beats)
    deadline = time.monotonic() + 30
    while files(folder):
        assert time.monotonic() < deadline, files(folder)
        time.sleep(0.1)
