"""What visitors may send to the server, so that none fills its memory or disk."""

import asyncio
import secrets
import shutil
import time
from collections import defaultdict, deque
from contextlib import suppress
from pathlib import Path

from gradio import route_utils
from starlette.responses import PlainTextResponse

UPLOADS_AT_ONCE = 10
"""Of one address."""
UPLOADS_KEPT = 20
"""Uploads of the largest size for which there is room; a quarter of it for one address."""
UPLOAD_MINUTES = 10
"""After which an upload is broken off."""
OTHER_BYTES = 2_000_000
"""Largest request that is no upload."""


class _RefusedError(Exception):
    """A request that is not taken; with the status of HTTP."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


class Admission:
    """Refuses requests that would fill the memory or the disk: middleware of the server.

    Args:
        app (Callable): The application.
        uploads (Uploads): Where the clips arrive.
        keep_minutes (float): How long they may stay.
    """

    def __init__(self, app, uploads, keep_minutes):
        self.app, self.uploads, self.keep_seconds = app, uploads, 60 * keep_minutes
        # A form needs a little more than the file in it.
        self.largest = round(uploads.max_megabytes * 1e6) + 100_000
        self.arriving = defaultdict(list)
        self.arrived = defaultdict(deque)

    async def __call__(self, scope, receive, send):
        if scope['type'] != 'http' or scope['method'] not in ('POST', 'PUT', 'PATCH'):
            await self.app(scope, receive, send)
            return
        is_upload = scope['path'].endswith('/upload')
        address = (scope.get('client') or ('',))[0]
        begun = False

        async def send_or_not(message):
            nonlocal begun
            begun = True
            await send(message)

        body = _Body(receive, self.largest if is_upload else OTHER_BYTES)
        try:
            body.announce(scope['headers'])
            if is_upload:
                await self._upload(address, body, scope, send_or_not)
            else:
                await self.app(scope, body.receive, send_or_not)
        except _RefusedError as refused:
            if not begun:
                if refused.status != 408:
                    # Browsers read no answer before they have sent all.
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
        for history in self.arrived.values():
            while history and history[0][0] < time.monotonic() - self.keep_seconds:
                history.popleft()
        for known in (self.arrived, self.arriving):
            for empty in [key for key, values in known.items() if not values]:
                del known[empty]
        if len(self.arriving[address]) >= UPLOADS_AT_ONCE:
            raise _RefusedError(429, f'{UPLOADS_AT_ONCE} uploads of yours are on their way; wait for them.')
        announced = {key: sum(body.announced for body in bodies) for key, bodies in self.arriving.items()}
        room = UPLOADS_KEPT * self.largest
        if sum(size for _, size in self.arrived[address]) + announced[address] + size > room / 4:
            raise _RefusedError(429, 'You have sent many clips in a short time; wait some minutes.')
        wanted = sum(announced.values()) + size
        if self.uploads.size() + wanted > room or wanted > shutil.disk_usage(self.uploads.folder).free / 2:
            raise _RefusedError(503, 'There is no room for more clips at present; wait some minutes.')


class _Body:
    """The body of a request, which may have so many bytes."""

    def __init__(self, receive, limit):
        self._receive, self.limit = receive, limit
        self.announced, self.received = limit, 0
        self.more = True

    def announce(self, headers):
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
        """Read and forget the rest, unless it is too large or slow."""
        with suppress(_RefusedError, TimeoutError):
            while self.more:
                await asyncio.wait_for(self.receive(), 10)

    def _check(self, size):
        if size > self.limit:
            raise _RefusedError(413, f'That is larger than {self.limit / 1e6:g} MB, the maximum allowed size.')


class UploadParser(route_utils.GradioMultiPartParser):
    """Gradio's reader of uploads, which would leave on disk what is broken off, and put equal files in one place."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{**kwargs, 'max_files': 1})

    def on_headers_finished(self):
        super().on_headers_finished()
        file = self._current_part.file
        if file is not None:
            # The name of its folder: visitors who send the same file do not share it.
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


def separate_uploads():
    """Let Gradio read uploads with :class:`UploadParser`."""
    route_utils.GradioMultiPartParser = UploadParser
