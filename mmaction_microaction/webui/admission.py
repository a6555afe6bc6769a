"""Limits on what visitors may send, so that nobody fills the memory or the disk of the server."""

import asyncio
import secrets
import shutil
import time
from collections import defaultdict, deque
from contextlib import suppress
from pathlib import Path

import gradio as gr
import safehttpx
from gradio import processing_utils, route_utils
from starlette.responses import PlainTextResponse

from .uploads import Uploads

UPLOADS_AT_ONCE = 10
"""Maximum number of simultaneous uploads from one address."""
UPLOADS_KEPT = 20
"""Number of uploads of the maximum size that fit into the folder of uploads. One address may use a quarter of it."""
UPLOAD_MINUTES = 60
"""Maximum time of an upload in minutes."""
OTHER_BYTES = 2_000_000
"""Maximum size in bytes of a request that is not an upload."""


class _RefusedError(Exception):
    """A refused request, with its HTTP status."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


class Admission:
    """ASGI middleware that refuses requests which would fill the memory or the disk.

    Args:
        app (Callable): ASGI application.
        uploads (Uploads): Clips of the visitors.
        keep_minutes (float): Minutes for which an upload counts towards the limit of its address.
    """

    def __init__(self, app, uploads: Uploads, keep_minutes: float):
        self.app, self.uploads, self.keep_seconds = app, uploads, 60 * keep_minutes
        # A form is a little larger than the file in it.
        self.max_bytes = round(uploads.max_megabytes * 1e6) + 100_000
        # Browsers send several files in one form.
        self.max_form_bytes = min(uploads.max_files, UPLOADS_KEPT // 4) * self.max_bytes
        self.arriving = defaultdict(list)
        self.arrived = defaultdict(deque)

    async def __call__(self, scope, receive, send):
        if scope['type'] != 'http' or scope['method'] not in ('POST', 'PUT', 'PATCH'):
            await self.app(scope, receive, send)
            return
        is_upload = scope['path'].endswith('/upload')
        address = (scope.get('client') or ('',))[0]
        response_started = False

        async def send_and_note(message):
            nonlocal response_started
            response_started = True
            await send(message)

        body = _Body(receive, self.max_form_bytes if is_upload else OTHER_BYTES)
        try:
            body.read_announced(scope['headers'])
            if is_upload:
                await self._upload(address, body, scope, send_and_note)
            else:
                await self.app(scope, body.receive, send_and_note)
        except _RefusedError as refused:
            if not response_started:
                if refused.status != 408:
                    # Browsers read the response only after they have sent the whole body.
                    await body.drain()
                await PlainTextResponse(refused.text, refused.status)(scope, receive, send)

    async def _upload(self, address, body, scope, send):
        self._admit(address, body.announced)
        self.arriving[address].append(body)
        try:
            await asyncio.wait_for(self.app(scope, body.receive, send), 60 * UPLOAD_MINUTES)
        except TimeoutError:
            raise _RefusedError(408, f'The upload took longer than {UPLOAD_MINUTES} minutes.') from None
        finally:
            self.arriving[address].remove(body)
            self.arrived[address].append((time.monotonic(), body.received))

    def _admit(self, address, size):
        """Raise a _RefusedError if an upload of a size from an address exceeds a limit."""
        self._forget_old()
        if len(self.arriving[address]) >= UPLOADS_AT_ONCE:
            raise _RefusedError(429, f'You have {UPLOADS_AT_ONCE} unfinished uploads; wait until they have arrived.')
        announced = {key: sum(body.announced for body in bodies) for key, bodies in self.arriving.items()}
        room = UPLOADS_KEPT * self.max_bytes
        if sum(size for _, size in self.arrived[address]) + announced[address] + size > room / 4:
            raise _RefusedError(429, 'You have sent many clips in a short time; wait some minutes.')
        needed = sum(announced.values()) + size
        if self.uploads.size() + needed > room or needed > shutil.disk_usage(self.uploads.folder).free / 2:
            raise _RefusedError(503, 'The server cannot store more clips at the moment; wait some minutes.')

    def _forget_old(self):
        for history in self.arrived.values():
            while history and history[0][0] < time.monotonic() - self.keep_seconds:
                history.popleft()
        for by_address in (self.arrived, self.arriving):
            for empty in [address for address, values in by_address.items() if not values]:
                del by_address[empty]


class _Body:
    """The body of a request, with a maximum number of bytes."""

    def __init__(self, receive, limit):
        self._receive, self.limit = receive, limit
        self.announced, self.received = limit, 0
        self.more = True

    def read_announced(self, headers):
        for name, value in headers:
            if name == b'content-length' and value.isdigit():
                self.announced = int(value)
        self._check(self.announced)

    async def receive(self):
        message = await self._receive()
        self.received += len(message.get('body', b''))
        self.more = message['type'] == 'http.request' and message.get('more_body', False)
        self._check(self.received)
        return message

    async def drain(self):
        """Read and discard the rest of the body, unless it is too large or slow."""
        with suppress(_RefusedError, TimeoutError):
            while self.more:
                await asyncio.wait_for(self.receive(), 10)

    def _check(self, size):
        if size > self.limit:
            raise _RefusedError(413, f'The request is larger than {self.limit / 1e6:g} MB, the maximum allowed size.')


class UploadParser(route_utils.GradioMultiPartParser):
    """Gradio's parser of uploads, corrected in two ways.

    It deletes the files of an upload that breaks off, which Gradio leaves on the disk. It saves equal files of two
    visitors in two folders, where Gradio uses one.
    """

    max_files_of_form = 20
    """Maximum number of files of a form."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{**kwargs, 'max_files': self.max_files_of_form})

    def on_headers_finished(self):
        super().on_headers_finished()
        file = self._current_part.file
        if file is not None:
            # The hash of the file is the name of its folder. A random prefix makes it unique.
            file.sha.update(secrets.token_bytes(16))

    async def parse(self):
        try:
            return await super().parse()
        except BaseException:
            for file in self._files_to_close_on_error:
                file.close()
                with suppress(OSError):
                    Path(file.name).unlink(missing_ok=True)
            raise


def separate_uploads(max_files: int = 20) -> None:
    """Make Gradio parse uploads with :class:`UploadParser`.

    Args:
        max_files (int): Maximum number of files of a form. Defaults to 20.
    """
    UploadParser.max_files_of_form = max_files
    route_utils.GradioMultiPartParser = UploadParser


def refuse_urls() -> None:
    """Make Gradio fetch nothing that a visitor names by a URL in place of an uploaded file.

    Gradio reads all of a URL into memory and stores it, past all limits of uploads, and passes on what a URL below
    ``/file=`` contains.
    """

    async def refuse(*_, **__):
        raise gr.Error('This page fetches no URL; upload the file.', print_exception=False)

    # The first function creates a folder before it calls the others, through which Gradio fetches everything else.
    for module, name in (
        (processing_utils, 'async_ssrf_protected_download'),
        (safehttpx, 'get'),
        (safehttpx, 'async_validate_url'),
    ):
        # A release of Gradio without the function would fetch by another one.
        getattr(module, name)
        setattr(module, name, refuse)
