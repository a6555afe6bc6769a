"""Handlers of the events of the page."""

import traceback
import warnings
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import gradio as gr
from gradio.blocks import Block

from mmaction_microaction.inference import (
    ClipResult,
    DetectionResult,
    FramedVideo,
    MicroActionInferencer,
    SeveralPeopleWarning,
    TimelineResult,
)
from mmaction_microaction.visualization import plot_timeline

from .answers import (
    action_bars,
    crop_picture,
    gradcam_choices,
    group_bars,
    group_bars_title,
    headline,
    table_columns,
    table_rows,
    write_files,
)
from .explanation import can_explain, explain
from .uploads import Uploads

NO_RESULT = '### The result appears here'


class Components(NamedTuple):
    """Components of the page that handlers update."""

    clip: gr.Video
    shown: gr.State
    """The :class:`ShownResult`, or None."""
    headline: gr.Markdown
    person: gr.Radio
    """Choice of one of several people."""
    crop: gr.HTML
    """Picture of the part of the frames that the network saw, visible if it did not see all."""
    bars: gr.Row
    """Row of ``actions`` and ``groups``, visible for a clip."""
    actions: gr.Label
    groups: gr.Label
    """Probabilities of groups of actions, visible if the label set of the network has groups."""
    timeline: gr.Column
    """Group of ``plot`` and ``table``, visible for a timeline and for detections."""
    plot: gr.Plot
    table: gr.Dataframe
    downloads: gr.Row
    """Group of ``files``."""
    files: list[gr.DownloadButton]
    """One button for each format of :data:`.WRITERS`."""
    explanation: gr.Group
    """Group of ``interval`` and the button for Grad-CAM, visible if Grad-CAM is possible."""
    interval: gr.Dropdown
    maps: gr.Plot


class ShownResult(NamedTuple):
    """The result on the page and its network, which stay the same when a visitor selects another network."""

    result: ClipResult | TimelineResult | DetectionResult
    model: str
    """Name of the network."""
    people: list[ClipResult | TimelineResult | DetectionResult]
    """Results of all people in the video."""


class Handlers:
    """Functions that receive the values of components, and return a dict of the components to update.

    Args:
        components (Components): Components of the page.
        models (dict[str, MicroActionInferencer]): Networks by name.
        uploads (Uploads): Clips of the visitors.
        examples (Sequence[Path]): Clips to choose from.
        keep_uploads (bool): Whether a clip is kept after it was recognised.
    """

    def __init__(
        self,
        components: Components,
        models: dict[str, MicroActionInferencer],
        uploads: Uploads,
        examples: Sequence[Path],
        keep_uploads: bool,
    ):
        self.components, self.models, self.uploads = components, models, uploads
        self.examples, self.keep_uploads = examples, keep_uploads

    def clear(self) -> dict[Block, object]:
        """Remove the result from the page."""
        page = self.components
        containers = (page.person, page.crop, page.bars, page.timeline, page.downloads, page.explanation)
        return {
            page.shown: None,
            page.headline: NO_RESULT,
            **{container: gr.update(visible=False) for container in containers},
            page.maps: gr.update(visible=False, value=None),
        }

    def upload(self, path: str, request: gr.Request) -> dict[Block, object]:
        """Hold an uploaded or recorded clip, or remove it from the page if it is refused."""
        try:
            self.uploads.hold(request.session_hash, path)
        except Exception as error:
            gr.Warning(_for_visitors(describe_for_visitors(error), path), duration=None)
            return {self.components.clip: None, **self.clear()}
        return self.clear()

    def release(self, request: gr.Request) -> None:
        """Delete the clip of a visitor who cleared it or closed the page."""
        self.uploads.release(request.session_hash)

    def choose_example(self, index: int, request: gr.Request) -> dict[Block, object]:
        """Show an example in place of the clip."""
        self.uploads.release(request.session_hash)
        return {self.components.clip: str(self.examples[index]), **self.clear()}

    def recognize(
        self,
        path: str | None,
        model: str,
        request: gr.Request,
        progress=gr.Progress(),  # noqa: B008 (Gradio finds it by its default)
    ) -> dict[Block, object]:
        """Recognise the clip, and show the result."""
        if path is None:
            raise _error('There is no clip yet; upload or record one, or choose an example.')
        visitor = request.session_hash
        progress(0, desc='Recognising')
        try:
            self.uploads.hold(visitor, path)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter('always')
                video = self.uploads.open(path)
                results = self.models[model].people(video, lambda done, total: progress((done, total), unit='windows'))
                picture = crop_picture(video, results)
        except Exception as error:
            raise _error(describe_for_visitors(error), path) from None
        finally:
            if not self.keep_uploads:
                self.uploads.release(visitor)
        for warning in caught:
            # Warnings that name the clip are for the visitor; warnings of libraries are not. The page lists several
            # people itself.
            if str(path) in str(warning.message) and not issubclass(warning.category, SeveralPeopleWarning):
                gr.Warning(_for_visitors(warning.message, path), duration=None)
        files = write_files(results, self.uploads.folder)
        self.uploads.add(visitor, *files)
        page, names = self.components, [result.person for result in results]
        return {
            **self._show(ShownResult(results[0], model, results), path),
            page.person: gr.update(choices=names, value=names[0], visible=len(results) > 1),
            page.crop: gr.update(value=picture, visible=bool(picture)),
            page.downloads: gr.update(visible=True),
            **{button: str(file) for button, file in zip(page.files, files)},
        }

    def choose_person(self, shown: ShownResult, name: str, path: str | None) -> dict[Block, object]:
        """Show the result of another person in the video."""
        result = next(result for result in shown.people if result.person == name)
        return self._show(shown._replace(result=result), path)

    def _show(self, shown, path):
        page, result, model = self.components, shown.result, shown.model
        choices = [text for text, _ in gradcam_choices(result)]
        is_clip, label_set = result.kind == 'clip', result.label_set
        # Grad-CAM reads the clip again.
        has_gradcam = bool(choices) and can_explain(self.models[model]) and bool(path) and Path(path).is_file()
        return {
            page.shown: shown,
            page.headline: headline(result, model),
            page.bars: gr.update(visible=is_clip),
            page.actions: action_bars(result) if is_clip else None,
            page.groups: gr.update(
                value=group_bars(result) if is_clip and label_set.has_groups else None,
                label=group_bars_title(label_set),
                visible=label_set.has_groups,
            ),
            page.timeline: gr.update(visible=not is_clip),
            page.plot: None if is_clip else plot_timeline(result.intervals, result.duration, label_set=label_set),
            page.table: None if is_clip else {'headers': table_columns(label_set), 'data': table_rows(result)},
            page.explanation: gr.update(visible=has_gradcam),
            page.interval: gr.update(choices=choices, value=choices[0] if choices else None),
            page.maps: gr.update(visible=False, value=None),
        }

    def seek(self, shown: ShownResult, event: gr.SelectData) -> dict[Block, object]:
        """Jump to the interval of a selected row in the clip, and choose it for Grad-CAM."""
        row = table_rows(shown.result).index(event.row_value)
        text, interval = gradcam_choices(shown.result)[row]
        page = self.components
        return {page.clip: gr.update(playback_position=interval.start), page.interval: text}

    def explain(self, path: str, shown: ShownResult, index: int) -> dict[Block, object]:
        """Show Grad-CAM of an interval, by the network that produced the result."""
        try:
            self.uploads.check(path)
            _, interval = gradcam_choices(shown.result)[index]
            video = FramedVideo(self.uploads.open(path), shown.result.boxes)
            figure = explain(self.models[shown.model], video, interval, whole=shown.result.kind == 'clip')
        except Exception as error:
            raise _error(describe_for_visitors(error), path) from None
        return {self.components.maps: gr.update(value=figure, visible=True)}


def describe_for_visitors(error: Exception) -> str:
    """Return a message for visitors, and print unexpected errors for the operator of the server.

    Args:
        error (Exception): An OSError or ValueError whose message is shown, or any other exception.

    Returns:
        str: The message, one or more sentences.
    """
    if isinstance(error, (OSError, ValueError)):
        return str(error)
    traceback.print_exception(error)
    if isinstance(error, MemoryError):
        return 'There is not enough memory for this clip; upload a smaller or shorter one.'
    return 'The clip could not be recognised; upload another one, or encode it again as MP4.'


def _for_visitors(message, path):
    """Remove the folder of the clip from a message, and escape the message, which the page shows as HTML."""
    return escape(str(message).replace(str(path), Path(path).name))


def _error(message, path=''):
    """Return an error that the page shows until the visitor closes it."""
    return gr.Error(_for_visitors(message, path), duration=None, title='Not recognised', print_exception=False)
