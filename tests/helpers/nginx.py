"""nginx with the block of the guide."""

import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import httpx
import pytest

from helpers.support import ROOT

NGINX = shutil.which('nginx', path=f'{os.environ.get("PATH", "")}:/usr/sbin:/usr/local/sbin')
NEEDS_NGINX = pytest.mark.skipif(NGINX is None, reason='no nginx is installed; Debian: apt-get install nginx-light')
GUIDE = (ROOT / 'docs/deployment.md').read_text(encoding='utf-8')
SITE = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}{listen}; {block} }}
}}
"""


@contextmanager
def proxied_by_nginx(url, folder, certificate=()):
    """Put nginx before a page that was started with the root path ``/micro``.

    Args:
        url (str): Address of the page.
        folder (Path): Folder for the files of nginx.
        certificate (tuple[Path, Path]): Certificate and its key, for https. Defaults to none.

    Yields:
        str: Address of the page behind nginx.
    """
    [block] = re.findall(r'```nginx\n(.*?)```', GUIDE, re.S)
    block = block.replace('127.0.0.1:7860', f'127.0.0.1:{httpx.URL(url).port}')
    if certificate:
        block += 'ssl_certificate {}; ssl_certificate_key {};'.format(*certificate)
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    site = SITE.format(folder=folder, port=port, listen=' ssl' if certificate else '', block=block)
    (folder / 'nginx.conf').write_text(site)
    server = subprocess.Popen(
        [NGINX, '-p', folder, '-e', folder / 'error.log', '-c', folder / 'nginx.conf'], stderr=subprocess.PIPE
    )
    try:
        address = f'{"https" if certificate else "http"}://127.0.0.1:{port}/micro/'
        deadline = time.monotonic() + 30
        while True:
            try:
                httpx.get(address, verify=False).raise_for_status()
                break
            except httpx.HTTPError:
                assert server.poll() is None, server.stderr.read()
                assert time.monotonic() < deadline, (folder / 'error.log').read_text()
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(30)
