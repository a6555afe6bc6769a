"""Serves the page from a private folder, which is deleted at the end."""

import contextlib
import os
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import gradio as gr
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware

from mmaction_microaction.inference import MicroActionInferencer

from .admission import Admission, refuse_urls, separate_uploads
from .examples import find_codes, render_examples
from .folders import private_folder
from .page import build_page
from .turns import share_network, touch_files_of_calls
from .uploads import Uploads

# Fonts of the visitor's system, so that browsers load none from elsewhere.
THEME = gr.themes.Default(primary_hue='blue', font=['system-ui', 'sans-serif'], font_mono=['system-ui', 'sans-serif'])
# Otherwise the video covers the buttons below it, and recordings are not below each other.
CSS = '#clip video { max-height: 290px; } #recording .wrap { flex-direction: column; align-items: stretch; }'


class SameOriginPolicy:
    """ASGI middleware that makes browsers load from and send to this server only, whatever the release of Gradio.

    Args:
        app (Callable): ASGI application.
    """

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
    models: dict[str, MicroActionInferencer],
    examples: Sequence[Path] | None = None,
    *,
    max_seconds: float = 3600,
    max_megabytes: float = 4000,
    max_minutes: float = 240,
    max_files: int = 20,
    keep_minutes: float = 60,
    host: str = '127.0.0.1',
    port: int = 7860,
    root_path: str | None = None,
    ssl_certfile: str | Path | None = None,
    ssl_keyfile: str | Path | None = None,
    passwords: Sequence[tuple[str, str]] | None = None,
) -> Iterator[tuple[str, Path]]:
    """Serve the page while the context is open.

    Args:
        models (dict[str, MicroActionInferencer]): Networks by name.
        examples (Sequence[Path], optional): Clips to choose from. Defaults to None: rendered clips of actions that all
            networks distinguish.
        max_seconds (float): Maximum duration of a video in seconds. Defaults to 3600.
        max_megabytes (float): Maximum size of a file in megabytes. Defaults to 4000.
        max_minutes (float): Maximum time in minutes that a network works on a clip. Defaults to 240.
        max_files (int): Maximum number of videos of a page. Defaults to 20.
        keep_minutes (float): Minutes after which unused uploads are deleted. With 0, they are deleted with the result,
            or after 10 minutes without use. Defaults to 60.
        host (str): Host to listen on; ``'0.0.0.0'`` accepts visitors from other machines. Defaults to
            ``'127.0.0.1'``, this machine only.
        port (int): Port to listen on; 0 selects the first free port from 7860. Defaults to 7860.
        root_path (str, optional): Path at which a reverse proxy serves the page, such as ``'/micro'``, or its complete
            URL. Defaults to None.
        ssl_certfile (str | Path, optional): Certificate for https. Defaults to None.
        ssl_keyfile (str | Path, optional): Private key of the certificate. Defaults to None.
        passwords (Sequence[tuple[str, str]], optional): Names and passwords of the people who may open the page.
            Defaults to None: everybody.

    Yields:
        tuple[str, Path]: URL of the page, and the folder of uploads.

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
        # Gradio reads both variables when the page is built.
        os.environ.update(GRADIO_TEMP_DIR=str(uploaded), GRADIO_EXAMPLES_CACHE=str(uploaded / 'cache'))
        if examples is None:
            codes = find_codes(model.label_set for model in models.values())
            examples = render_examples(rendered, codes=codes) if codes else []
        examples = [Path(path).resolve() for path in examples]
        # Examples are served from their own folder, since copies would be deleted with the uploads.
        gr.set_static_paths(examples)
        uploads = Uploads(uploaded, max_seconds, max_megabytes, max_minutes, max_files)
        separate_uploads(max_files)
        refuse_urls()
        page = build_page(models, uploads, examples, keep_minutes)
        share_network(page)
        max_age = keep_minutes or 10
        middleware = [Middleware(SameOriginPolicy), Middleware(Admission, uploads=uploads, keep_minutes=max_age)]
        with deleting_old_uploads(page, uploads, max_age):
            try:
                try:
                    _, url, _ = page.launch(
                        server_name=host,
                        server_port=port or None,
                        root_path=root_path,
                        ssl_certfile=ssl_certfile and str(ssl_certfile),
                        ssl_keyfile=ssl_keyfile and str(ssl_keyfile),
                        # Gradio sends itself a request at 127.0.0.1, for which the certificate is not valid.
                        ssl_verify=False,
                        auth=passwords and list(passwords),
                        prevent_thread_lock=True,
                        quiet=True,
                        share=False,
                        theme=THEME,
                        css=CSS,
                        app_kwargs={'middleware': middleware},
                        # Otherwise the video component refuses files of other folders.
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
                    raise OSError(f'port {port} is in use; choose another, or 0 for the first free port') from None
                yield url, uploaded
            finally:
                page.close(verbose=False)


def check_certificate(certfile: str | Path, keyfile: str | Path) -> None:
    """Check that https can be served, since Gradio reports any error as a port in use.

    Args:
        certfile (str | Path): Certificate.
        keyfile (str | Path): Private key of the certificate.

    Raises:
        ValueError: If the files are not a certificate and its private key.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certfile, keyfile, password=lambda: '')
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f'{certfile} and {keyfile} are not a certificate and its private key: {reason}') from None


@contextlib.contextmanager
def deleting_old_uploads(page: gr.Blocks, uploads: Uploads, minutes: float) -> Iterator[None]:
    """Delete old uploads while the context is open, except those of calls that wait or run.

    Args:
        page (gr.Blocks): The page.
        uploads (Uploads): Clips of the visitors.
        minutes (float): Maximum age of an upload in minutes.
    """
    closed = threading.Event()

    def delete_repeatedly():
        # At intervals of a twentieth of the age, so that no file is kept noticeably longer.
        while not closed.wait(min(60 * minutes / 20, 5)):
            touch_files_of_calls(page, uploads)
            uploads.delete_older(minutes)

    thread = threading.Thread(target=delete_repeatedly, daemon=True)
    thread.start()
    try:
        yield
    finally:
        closed.set()
        thread.join()
