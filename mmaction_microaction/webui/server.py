"""Serves the page, from a private folder that is deleted at the end."""

import contextlib
import os
import tempfile
from pathlib import Path

import gradio as gr
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware

from .examples import render_examples
from .page import build_page
from .uploads import Uploads

# Fonts that the visitor's system has: nothing is loaded from elsewhere.
THEME = gr.themes.Default(primary_hue='blue', font=['system-ui', 'sans-serif'], font_mono=['system-ui', 'sans-serif'])
# Or the video covers the buttons below it.
CSS = '#clip video { max-height: 290px; }'


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
    keep_minutes=10,
    host='127.0.0.1',
    port=7860,
):
    """Serve the page for as long as the context lasts.

    Args:
        models (dict[str, MicroActionInferencer]): The networks by name.
        examples (Sequence[Path], optional): Clips to choose from. Defaults to None: some are rendered.
        max_seconds (float): Longer videos are refused. Defaults to 600.
        max_megabytes (float): So are larger ones. Defaults to 200.
        keep_minutes (float): Uploads are deleted at the latest after so many minutes; 0: as soon as the result is
            there. Defaults to 10.
        host (str): ``'0.0.0.0'`` for visitors from elsewhere. Defaults to this machine alone.
        port (int): 0 takes the first that is free from 7860 on. Defaults to 7860.

    Yields:
        tuple[str, Path]: Where the page is, and the folder with what visitors sent.

    Raises:
        OSError: If the port is in use.
    """
    with tempfile.TemporaryDirectory(prefix='micro-actions-') as root:
        uploaded, rendered = Path(root, 'uploads'), Path(root, 'examples')
        for folder in (uploaded, rendered):
            folder.mkdir()
        # Gradio reads both when the page is built.
        os.environ.update(GRADIO_TEMP_DIR=str(uploaded), GRADIO_EXAMPLES_CACHE=str(uploaded / 'cache'))
        if examples is None:
            examples = render_examples(rendered)
        examples = [Path(path).resolve() for path in examples]
        # Served from where they are: what is copied would be deleted with the uploads.
        gr.set_static_paths(examples)
        page = build_page(models, Uploads(uploaded, max_seconds, max_megabytes), examples, keep_minutes)
        try:
            try:
                _, url, _ = page.launch(
                    server_name=host,
                    server_port=port or None,
                    prevent_thread_lock=True,
                    quiet=True,
                    share=False,
                    theme=THEME,
                    css=CSS,
                    app_kwargs={'middleware': [Middleware(FromHereAlone)]},
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
