"""Handlers of the events of the page: recordings and their recognition."""

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import gradio as gr
from gradio.blocks import Block

from mmaction_microaction.inference import FramedVideo

from .explanation import explain
from .messages import describe_for_visitors, make_error, show_warning
from .recognition import StoppedError, recognize_clip
from .view import View
from .visits import Visit, VisitRecording

_ticks = count(1)


class Handlers:
    """Functions that receive the values of components, and return a dict of the components to update.

    Args:
        view (View): What the page shows.
        examples (Sequence[Path]): Clips to choose from.
        keep_uploads (bool): Whether a clip is kept after it was recognised.
    """

    def __init__(self, view: View, examples: Sequence[Path], keep_uploads: bool):
        self.view, self.uploads, self.models, self.components = view, view.uploads, view.models, view.components
        self.examples, self.keep_uploads = examples, keep_uploads

    def upload(self, path: str, request: gr.Request) -> dict[Block, object]:
        """Add an uploaded or recorded clip, and show it. A refused one is removed from the page."""
        return self._add_all([path], request, is_shown=True)

    def upload_more(self, paths: Sequence[str], request: gr.Request) -> dict[Block, object]:
        """Add several uploaded files. A refused file does not stop the others."""
        return self._add_all(paths, request)

    def _add_all(self, paths, request, is_shown=False):
        visit = self.view.visit(request)
        for path in paths or []:
            try:
                recording = self._add(visit, path, request.session_hash)
            except Exception as error:
                show_warning(describe_for_visitors(error), path)
            else:
                if is_shown or visit.shown is None:
                    visit.show(recording)
        return self._show(visit)

    def _add(self, visit, path, visitor):
        """Return the new recording of a file, or the one that there is."""
        added = next((each for each in visit.recordings if each.path == str(path)), None)
        if added:
            return added
        if len(visit.recordings) >= self.uploads.max_files:
            self.uploads.add(visitor, path)
            self.uploads.drop(visitor, path)
            raise ValueError(
                f'{Path(path).name} was not added: a page may have {self.uploads.max_files} videos at a time. Remove '
                'one first.'
            )
        self.uploads.hold(visitor, path)
        return visit.add(path)

    def release(self, request: gr.Request) -> None:
        """Delete the files and results of a visitor who closed the page."""
        self.view.forget(request)

    def remove(self, request: gr.Request) -> dict[Block, object]:
        """Delete the recording on the page, and show the next one. Corrections are deleted only on a second request."""
        visit = self.view.visit(request)
        recording = visit.shown
        if recording is not None and recording.is_corrected and recording is not visit.to_remove:
            visit.to_remove = recording
            show_warning(f'{recording.name} has corrections. Download them first; to delete them, remove it once more.')
        elif recording is not None:
            index = visit.recordings.index(recording)
            visit.recordings.remove(recording)
            visit.queue = [each for each in visit.queue if each is not recording]
            self.uploads.drop(request.session_hash, recording.path)
            if visit.export:
                self.uploads.drop(request.session_hash, visit.export)
                visit.export = None
            rest = visit.recordings
            visit.show(rest[min(index, len(rest) - 1)] if rest else None)
        return self._show(visit)

    def choose_example(self, index: int, request: gr.Request) -> dict[Block, object]:
        """Add an example if it was not added before, and show it."""
        return self._add_all([self.examples[index]], request, is_shown=True)

    def choose_recording(self, name: str, request: gr.Request) -> dict[Block, object]:
        """Show another recording."""
        visit = self.view.visit(request)
        visit.show(next((each for each in visit.recordings if each.name == name), visit.shown))
        return self._show(visit)

    def choose_person(self, name: str, request: gr.Request) -> dict[Block, object]:
        """Show the result of another person in the video."""
        visit = self.view.visit(request)
        if visit.shown and name in visit.shown.names:
            visit.person = name
        return self.view.show(visit)

    def _show(self, visit):
        """Show the chosen recording with its video, if that was not deleted."""
        path = visit.shown.path if visit.shown and Path(visit.shown.path).is_file() else None
        page = self.components
        return {
            page.clip: path,
            page.remove: gr.update(visible=visit.shown is not None),
            # Browsers show a video before the server has it.
            page.recognize: gr.update(interactive=bool(visit.recordings)),
            **self.view.show(visit),
        }

    def begin(self, model: str, request: gr.Request) -> dict[Block, object]:
        """Queue the recordings that the network has not recognised; the page asks for them one after the other.

        The one on the page is the first. Recordings with corrections stay as they are. If all were recognised, the one
        on the page is recognised again.
        """
        visit = self.view.visit(request)
        if model not in self.models:
            raise make_error('There is no such network; choose one from the list.')
        if not visit.recordings:
            raise make_error('There is no video yet; upload or record one, or choose an example.')
        others = [each for each in visit.recordings if each.model != model]
        waiting = [each for each in others if not each.is_corrected and (each, model) != visit.running]
        waiting.sort(key=lambda each: each is not visit.shown)
        if not waiting and not visit.running:
            if visit.shown.is_corrected:
                raise make_error(
                    f'{visit.shown.name} has corrections, which would be lost. To recognise it again, download them, '
                    'remove the video, and upload it again.'
                )
            waiting = [visit.shown]
        for recording in others:
            if recording.is_corrected:
                recording.kept_from = model
        visit.queue, visit.model, visit.total, visit.is_stopped = waiting, model, len(waiting), False
        update = {**self.view.list_recordings(visit), self.components.stop: gr.update(visible=True)}
        # After the recording that is being recognised, the page asks for the next one by itself.
        return update if visit.running else {**update, self.components.tick: next(_ticks)}

    def stop(self, request: gr.Request) -> dict[Block, object]:
        """Stop the recognition. Results stay."""
        self.view.visit(request).is_stopped = True
        return {self.components.progress: 'Stopping …'}

    def recognize(
        self,
        request: gr.Request,
        progress=gr.Progress(),  # noqa: B008 (Gradio finds it by its default)
    ) -> dict[Block, object]:
        """Recognise the next recording of the queue. The page asks for the one after that if there is one."""
        page, visit = self.components, self.view.visit(request)
        update = None
        if visit.queue and not visit.is_stopped:
            recording = visit.queue.pop(0)
            visit.running = recording, visit.model
            try:
                is_new = self._recognize(visit, recording, visit.model, request.session_hash, progress)
            finally:
                visit.running = None
            on_page = visit.shown
            if is_new and (recording is on_page or on_page is None or not (on_page.results or on_page.failure)):
                visit.show(recording)
                update = self._show(visit)
        # Otherwise, the visitor may be correcting an earlier result, which stays on the page.
        update = update or self.view.list_recordings(visit)
        if visit.queue and not visit.is_stopped:
            return {**update, page.progress: self._summarize(visit), page.tick: next(_ticks)}
        visit.queue.clear()
        return {**update, page.progress: self._summarize(visit), page.stop: gr.update(visible=False)}

    def _recognize(
        self, visit: Visit, recording: VisitRecording, model: str, visitor: str, progress: gr.Progress
    ) -> bool:
        """Recognise a recording, and return whether it has a new result, or a failure in place of one."""
        path = recording.path
        position = f'{visit.total - len(visit.queue)} of {visit.total}, ' if visit.total > 1 else ''

        def report(done):
            if visit.is_stopped or not self.uploads.holds(visitor, path):
                raise StoppedError(f'{recording.name} was stopped.')
            self.uploads.touch(visitor)
            progress(done, desc=f'{position}{recording.name}')

        if recording.is_corrected:
            return self._keep(recording, model)
        try:
            progress(0, desc=f'{position}{recording.name}')
            video = self.uploads.open(path)
            found = recognize_clip(self.models[model], model, video, recording.name, report)
        except StoppedError:
            return False
        except Exception as error:
            message = describe_for_visitors(error).replace(str(path), recording.name)
            show_warning(message)
            # An earlier result stays.
            recording.failure = '' if recording.results else message
            return bool(recording.failure)
        finally:
            if not self.keep_uploads:
                self.uploads.drop(visitor, path)
        for text in found.warnings:
            show_warning(text, path)
        # Meanwhile, the visitor may have corrected the earlier result, or removed the recording.
        if recording.is_corrected:
            return self._keep(recording, model)
        found.corrections.name_coder(visit.coder)
        recording.replace(model, found.results, found.corrections, found.picture)
        return recording in visit.recordings

    @staticmethod
    def _keep(recording, model):
        """Note that the result of a network does not replace corrections, and return False."""
        recording.kept_from = model
        show_warning(f'{recording.name} was corrected, so it keeps its result, and has none of {model}.')
        return False

    @staticmethod
    def _summarize(visit):
        """Return what was recognised until now, in Markdown."""
        failed = sum(bool(recording.failure) for recording in visit.recordings)
        stopped = 'Stopped. ' if visit.is_stopped else ''
        if len(visit.recordings) < 2:
            return stopped
        text = f'{stopped}{len(visit.recognised)} of {len(visit.recordings)} recordings recognised'
        return f'{text}, {failed} not recognised; choose one to see the reason.' if failed else f'{text}.'

    def explain(self, index: int, request: gr.Request) -> dict[Block, object]:
        """Show Grad-CAM of an interval, by the network that produced the result."""
        visit = self.view.visit(request)
        recording = visit.shown
        if recording is None or not recording.results:
            raise make_error('There is no result to explain.')
        try:
            _, interval = self.view.gradcam_choices(visit)[index]
            result = next(result for result in recording.results if result.person == visit.person)
            video = FramedVideo(self.uploads.open(recording.path), result.boxes)
            figure = explain(self.models[recording.model], video, interval, whole=result.kind == 'clip')
        except Exception as error:
            raise make_error(describe_for_visitors(error), recording.path) from None
        return {self.components.maps: gr.update(value=figure, visible=True)}
