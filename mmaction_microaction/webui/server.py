"""Serves the page, from a private folder that is deleted at the end."""

import contextlib
import os
import ssl
import threading
from pathlib import Path

import gradio as gr
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware

from .admission import Admission, separate_uploads
from .examples import render_examples
from .folders import private_folder
from .page import build_page
from .turns import share_network
from .uploads import Uploads

# Fonts that the visitor's system has: nothing is loaded from elsewhere.
THEME = gr.themes.Default(primary_hue='blue', font=['system-ui', 'sans-serif'], font_mono=['system-ui', 'sans-serif'])
# Or the video covers the buttons below it.
CSS = '#clip video { max-height: 290px; }'

HERE = ('127.0.0.1', 'localhost', '::1')
"""Addresses under which browsers on this machine alone see a page."""


class FromHereAlone:
    """Tells browsers to load and send nothing from and to elsewhere, whatever a release of Gradio may want."""

    POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:"

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        async def send_with_policy(message):
            if message['type'] == 'http.response.start':
                MutableHeaders(scope=message)['Content-Security-Policy'] = self.POLICY
            await send(message)

        await self.app(scope, receive, send_with_policy)


@contextlib.contextmanager
def serving(
    models,
    examples=None,
    *,
    max_seconds=600,
    max_megabytes=200,
    max_minutes=20,
    keep_minutes=10,
    host='127.0.0.1',
    port=7860,
    root_path=None,
    ssl_certfile=None,
    ssl_keyfile=None,
):
    """Serve the page for as long as the context lasts.

    Args:
        models (dict[str, MicroActionInferencer]): The networks by name.
        examples (Sequence[Path], optional): Clips to choose from. Defaults to None: some are rendered.
        max_seconds (float): Longer videos are refused. Defaults to 600.
        max_megabytes (float): So are larger ones. Defaults to 200.
        max_minutes (float): Longest time that a network works on a clip. Defaults to 20.
        keep_minutes (float): Uploads are deleted at the latest after so many minutes; 0: as soon as the result is
            there, or after 10. Defaults to 10.
        host (str): ``'0.0.0.0'`` for visitors from elsewhere. Defaults to this machine alone.
        port (int): 0 takes the first that is free from 7860 on. Defaults to 7860.
        root_path (str, optional): Under which another server passes the page on, such as ``'/micro'``, or all of its
            address. Defaults to None.
        ssl_certfile (str | Path, optional): Certificate, for https. Defaults to None.
        ssl_keyfile (str | Path, optional): Its private key. Defaults to None.

    Yields:
        tuple[str, Path]: Where the page is, and the folder with what visitors sent.

    Raises:
        OSError: If the port is in use.
        ValueError: If the certificate cannot be used.
    """
    if ssl_certfile:
        check_certificate(ssl_certfile, ssl_keyfile)
    with private_folder() as root:
        uploaded, rendered = root / 'uploads', root / 'examples'
        for folder in (uploaded, rendered):
            folder.mkdir()
        # Gradio reads both when the page is built.
        os.environ.update(GRADIO_TEMP_DIR=str(uploaded), GRADIO_EXAMPLES_CACHE=str(uploaded / 'cache'))
        if examples is None:
            examples = render_examples(rendered)
        examples = [Path(path).resolve() for path in examples]
        # Served from where they are: what is copied would be deleted with the uploads.
        gr.set_static_paths(examples)
        uploads = Uploads(uploaded, max_seconds, max_megabytes, max_minutes)
        separate_uploads()
        # Without a secure connection, browsers have no camera but for pages of their own machine.
        secure = ssl_certfile or (root_path or '').startswith('https://') or host in HERE
        page = build_page(models, uploads, examples, keep_minutes, secure=bool(secure))
        share_network(page)
        oldest = keep_minutes or 10
        middleware = [Middleware(FromHereAlone), Middleware(Admission, uploads=uploads, keep_minutes=oldest)]
        with sweeping(uploads, oldest):
            try:
                try:
                    _, url, _ = page.launch(
                        server_name=host,
                        server_port=port or None,
                        root_path=root_path,
                        ssl_certfile=ssl_certfile and str(ssl_certfile),
                        ssl_keyfile=ssl_keyfile and str(ssl_keyfile),
                        # Gradio asks itself whether it answers; nobody has signed for 127.0.0.1.
                        ssl_verify=False,
                        prevent_thread_lock=True,
                        quiet=True,
                        share=False,
                        theme=THEME,
                        css=CSS,
                        app_kwargs={'middleware': middleware},
                        # Its player refuses other places.
                        allowed_paths=[str(path) for path in examples],
                        max_file_size=round(max_megabytes * 1e6),
                        footer_links=[],
                        run_history=False,
                        enable_monitoring=False,
                        mcp_server=False,
                        ssr_mode=False,
                        pwa=False,
                    )
                except OSError as error:
                    if 'empty port' not in str(error):
                        raise
                    raise OSError(f'port {port} is in use; name another, or 0 for the first that is free') from None
                yield url, uploaded
            finally:
                page.close(verbose=False)


def check_certificate(certfile, keyfile):
    """Find out whether https can be served, since Gradio says of any error that the port is in use.

    Args:
        certfile, keyfile (str | Path): The files.

    Raises:
        ValueError: If not, naming both.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile, password=lambda: '')
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f'{certfile} and {keyfile} are no certificate and its private key: {reason}') from None


@contextlib.contextmanager
def sweeping(uploads, minutes):
    """Delete uploads of some age for as long as the context lasts.

    Args:
        uploads (Uploads): The uploads.
        minutes (float): The age.
    """
    over = threading.Event()

    def sweep():
        # Often enough that nothing stays noticeably longer.
        while not over.wait(min(60 * minutes / 20, 5)):
            uploads.sweep(minutes)

    thread = threading.Thread(target=sweep, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
