"""Test of the page behind nginx, with the block of the guide."""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest
from helpers.support import ROOT, write_clip

pytest.importorskip('gradio', reason='the page needs the extra [web]')
import httpx
from helpers.visitors import Network, Visitor, files

from mmaction_microaction.webui.layout import THIS
from mmaction_microaction.webui.server import serving

NGINX = shutil.which('nginx', path=f'{os.environ.get("PATH", "")}:/usr/sbin:/usr/local/sbin')
pytestmark = [
    pytest.mark.skipif(NGINX is None, reason='no nginx is installed; Debian: apt-get install nginx-light'),
    pytest.mark.filterwarnings('ignore:.*:DeprecationWarning:gradio'),
]
GUIDE = (ROOT / 'docs/deployment.md').read_text(encoding='utf-8')
SITE = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; {block} }}
}}
"""


@pytest.fixture
def proxied(tmp_path):
    """Serve a page behind nginx, and return its address and the folder of uploads."""
    [block] = re.findall(r'```nginx\n(.*?)```', GUIDE, re.S)
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    with serving({'net': Network()}, [], max_seconds=10, max_megabytes=0.3, port=0, root_path='/micro') as (
        url,
        folder,
    ):
        inner = f'127.0.0.1:{httpx.URL(url).port}'
        site = SITE.format(folder=tmp_path, port=port, block=block.replace('127.0.0.1:7860', inner))
        (tmp_path / 'nginx.conf').write_text(site)
        server = subprocess.Popen(
            [NGINX, '-p', tmp_path, '-e', tmp_path / 'error.log', '-c', tmp_path / 'nginx.conf'],
            stderr=subprocess.PIPE,
        )
        try:
            address = f'http://127.0.0.1:{port}/micro/'
            deadline = time.monotonic() + 30
            while True:
                try:
                    httpx.get(address).raise_for_status()
                    break
                except httpx.HTTPError:
                    assert server.poll() is None, server.stderr.read()
                    assert time.monotonic() < deadline, (tmp_path / 'error.log').read_text()
                    time.sleep(0.1)
            yield address, folder
        finally:
            server.terminate()
            server.wait(30)


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
