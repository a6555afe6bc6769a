"""What happens when something on the page is pressed."""

import traceback
import warnings
from html import escape
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from mmaction_microaction.inference import ClipResult, TimelineResult
from mmaction_microaction.visualization import plot_timeline

from .answers import action_bars, body_part_bars, headline, intervals_of, table_rows, write_files
from .explanation import can_explain, explain

NOTHING_YET = '### The result appears here'


class Shown(NamedTuple):
    """A result on the page, and what gave it, whatever the fields say by now."""

    result: ClipResult | TimelineResult
    model: str
    """Name of the network."""


class Handlers:
    """Functions that take what is in the page's fields, and return what to put there.

    Args:
        models (dict[str, MicroActionInferencer]): The networks by name.
        uploads (Uploads): Holds the visitors' clips.
        examples (Sequence[Path]): Clips to choose from.
        keep_uploads (bool): Whether a clip outlives its result.
    """

    def __init__(self, models, uploads, examples, keep_uploads):
        self.models, self.uploads, self.examples, self.keep_uploads = models, uploads, examples, keep_uploads

    def clear(self):
        """Empty the page: the result, the headline, four groups, the maps."""
        return [None, NOTHING_YET, *[gr.update(visible=False)] * 4, gr.update(visible=False, value=None)]

    def take(self, path, request: gr.Request):
        """A clip was uploaded or recorded: the clip if it is to go, and an empty page."""
        try:
            self.uploads.take(request.session_hash, path)
        except Exception as error:
            gr.Warning(_for_visitors(reason(error), path), duration=None)
            return [None, *self.clear()]
        return [gr.skip(), *self.clear()]

    def drop(self, request: gr.Request):
        """The clip was taken away, or the page was closed."""
        self.uploads.forget(request.session_hash)

    def choose(self, index, request: gr.Request):
        """An example was pressed: it, and an empty page."""
        self.uploads.forget(request.session_hash)
        return [str(self.examples[index]), *self.clear()]

    def recognise(self, path, model, request: gr.Request, progress=gr.Progress()):  # noqa: B008 (Gradio wants it here)
        """Recognise: the result, the headline, and what is in the groups."""
        if path is None:
            raise _error('There is no clip yet; upload or record one, or choose an example.')
        visitor = request.session_hash
        progress(0, desc='Recognising')
        try:
            self.uploads.take(visitor, path)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter('always')
                video = self.uploads.open(path)
                result = self.models[model](video, lambda done, total: progress((done, total), unit='windows'))
        except Exception as error:
            raise _error(reason(error), path) from None
        finally:
            if not self.keep_uploads:
                self.uploads.forget(visitor)
        for warning in caught:
            # That the video breaks off; others are none of the visitor's business.
            if str(path) in str(warning.message):
                gr.Warning(_for_visitors(warning.message, path), duration=None)
        files = write_files(result, self.uploads.folder)
        self.uploads.add(visitor, *files)
        return [*self._show(result, model, path), *map(str, files)]

    def _show(self, result, model, path):
        short = isinstance(result, ClipResult)
        asked = [text for text, _ in intervals_of(result)]
        # For Grad-CAM the clip is read again.
        explained = bool(asked) and can_explain(self.models[model]) and Path(path).is_file()
        return [
            Shown(result, model),
            headline(result, model),
            gr.update(visible=short),
            gr.update(visible=not short),
            gr.update(visible=True),
            gr.update(visible=explained),
            gr.update(visible=False, value=None),
            action_bars(result) if short else None,
            body_part_bars(result) if short else None,
            None if short else plot_timeline(result.intervals, result.duration),
            None if short else table_rows(result),
            gr.update(choices=asked, value=asked[0] if asked else None),
        ]

    def go_to(self, shown, event: gr.SelectData):
        """A row of the table was pressed: the place in the clip, and the choice for Grad-CAM."""
        number = table_rows(shown.result).index(event.row_value)
        text, interval = intervals_of(shown.result)[number]
        return gr.update(playback_position=interval.start), text

    def explain(self, path, shown, number):
        """Grad-CAM was asked for, of the network that gave the result."""
        try:
            self.uploads.check(path)
            interval = intervals_of(shown.result)[number][1]
            video = self.uploads.open(path)
            figure = explain(self.models[shown.model], video, interval, whole=isinstance(shown.result, ClipResult))
        except Exception as error:
            raise _error(reason(error), path) from None
        return gr.update(value=figure, visible=True)


def reason(error):
    """Say to a visitor what went wrong; whoever serves the page sees more of what should not happen.

    Args:
        error (Exception): Of a library, or for visitors already.

    Returns:
        str: A sentence or more.
    """
    if isinstance(error, (OSError, ValueError)):
        return str(error)
    traceback.print_exception(error)
    if isinstance(error, MemoryError):
        return 'There is not enough memory for this clip; upload a smaller or shorter one.'
    return 'The clip could not be recognised; upload another one, or encode it anew, as MP4.'


def _for_visitors(message, path):
    """Leave the folder of the clip out of a message; and the page takes it for HTML, but a file may have any name."""
    return escape(str(message).replace(str(path), Path(path).name))


def _error(message, path=''):
    """An error that the page shows until it is closed."""
    return gr.Error(_for_visitors(message, path), duration=None, title='Not recognised', print_exception=False)
