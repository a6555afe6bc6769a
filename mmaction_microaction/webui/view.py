"""What the page shows of a visitor's recordings."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import gradio as gr
from gradio.blocks import Block

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.visualization import plot_timeline
from mmaction_microaction.visualization.style import name_of

from .answers import (
    action_bars,
    event_rows,
    gradcam_choices,
    group_bars,
    group_bars_title,
    headline,
    table_columns,
)
from .corrections import to_intervals
from .explanation import can_explain
from .exports import write_export
from .uploads import Uploads
from .visits import Visit, VisitRecording

NO_RESULT = '### The result appears here'
ALL = 'all recordings'


class Components(NamedTuple):
    """Components of the page that handlers update."""

    clip: gr.Video
    recording: gr.Radio
    """Choice of one of several recordings."""
    remove: gr.Button
    """Visible if there is a recording."""
    recognize: gr.Button
    """Usable if there is a recording."""
    stop: gr.Button
    """Visible while recordings are recognised."""
    tick: gr.State
    """Number whose change makes the page ask for the recognition of the next recording."""
    progress: gr.Markdown
    headline: gr.Markdown
    person: gr.Radio
    """Choice of one of several people."""
    names: gr.Textbox
    """Names of the people in the study."""
    crop: gr.HTML
    """Picture of the part of the frames that the network saw, visible if it did not see all."""
    bars: gr.Row
    """Row of ``actions`` and ``groups``, visible for a clip."""
    actions: gr.Label
    groups: gr.Label
    """Probabilities of groups of actions, visible if the label set of the network has groups."""
    plot: gr.Plot
    """Timeline, visible for a timeline and for detections."""
    events: gr.Column
    """Group of ``table`` and the form for corrections."""
    table: gr.Dataframe
    start: gr.Number
    end: gr.Number
    action: gr.Dropdown
    owner: gr.Dropdown
    """Person of the event, visible if there are several."""
    comment: gr.Textbox
    downloads: gr.Group
    """Group of ``form``, ``scope`` and ``download``."""
    scope: gr.Radio
    """Which recordings are written, visible if there are several."""
    download: gr.DownloadButton
    explanation: gr.Group
    """Group of ``interval`` and the button for Grad-CAM, visible if Grad-CAM is possible."""
    interval: gr.Dropdown
    maps: gr.Plot


class View:
    """Shows the recordings of visitors.

    Args:
        components (Components): Components of the page.
        models (dict[str, MicroActionInferencer]): Networks by name.
        uploads (Uploads): Clips of the visitors.
    """

    def __init__(self, components: Components, models: dict[str, MicroActionInferencer], uploads: Uploads):
        self.components, self.models, self.uploads = components, models, uploads
        self._visits: dict[str, Visit] = {}

    def visit(self, request: gr.Request) -> Visit:
        """Return what is known about the visitor of a request, whose files are not deleted as old."""
        self.uploads.touch(request.session_hash)
        return self._visits.setdefault(request.session_hash, Visit())

    def forget(self, request: gr.Request) -> None:
        """Delete the files, results and corrections of a visitor."""
        if visit := self._visits.pop(request.session_hash, None):
            visit.is_stopped = True
        self.uploads.release(request.session_hash)

    def list_recordings(self, visit: Visit) -> dict[Block, object]:
        """Show the recordings and their states."""
        page = self.components
        choices = [(recording.describe(), recording.name) for recording in visit.recordings]
        shown, several = visit.shown and visit.shown.name, len(visit.recordings) > 1
        return {
            page.recording: gr.update(choices=choices, value=shown, visible=several),
            page.scope: gr.update(visible=len(visit.recognised) > 1),
        }

    def show(self, visit: Visit) -> dict[Block, object]:
        """Show the chosen recording and person, and select no event."""
        visit.row = None
        page, recording = self.components, visit.shown
        if recording is None or not recording.results:
            containers = (page.person, page.names, page.crop, page.bars, page.plot, page.events, page.downloads)
            failed = recording is not None and recording.failure
            return {
                **self.list_recordings(visit),
                page.headline: f'### Not recognised\n{recording.failure}' if failed else NO_RESULT,
                **{container: gr.update(visible=False) for container in (*containers, page.explanation)},
                page.maps: gr.update(visible=False, value=None),
            }
        result = next(result for result in recording.results if result.person == visit.person)
        is_clip, label_set = result.kind == 'clip', result.label_set
        coded = label_set.without_rest()
        people = [(recording.names[each.person], each.person) for each in recording.results]
        return {
            **self.list_recordings(visit),
            **self.show_events(visit),
            page.person: gr.update(choices=people, value=visit.person, visible=len(people) > 1),
            page.names: gr.update(
                visible=True,
                placeholder=', '.join(f'{each.person}=P{index}' for index, each in enumerate(recording.results, 1))
                if len(people) > 1
                else 'P1',
                value=', '.join(f'{old}={new}'.removeprefix('=') for old, new in recording.names.items() if new != old),
            ),
            page.crop: gr.update(value=recording.picture, visible=bool(recording.picture)),
            page.bars: gr.update(visible=is_clip),
            page.actions: action_bars(result) if is_clip else None,
            page.groups: gr.update(
                value=group_bars(result) if is_clip and label_set.has_groups else None,
                label=group_bars_title(label_set),
                visible=label_set.has_groups,
            ),
            page.events: gr.update(visible=True),
            page.start: None,
            page.end: None,
            page.action: gr.update(
                choices=[(name_of(label, coded), name) for label, name in enumerate(coded.names)], value=None
            ),
            page.owner: gr.update(choices=people, value=visit.person, visible=len(people) > 1),
            page.comment: '',
            page.downloads: gr.update(visible=True),
        }

    def show_events(self, visit: Visit) -> dict[Block, object]:
        """Show the events of the chosen person: table, timeline, list of recordings and choice for Grad-CAM."""
        page, recording = self.components, visit.shown
        result = next(result for result in recording.results if result.person == visit.person)
        events, label_set = recording.events(visit.person), result.label_set.without_rest()
        is_clip = result.kind == 'clip'
        named = replace(result, person=recording.names[result.person])
        choices = [text for text, _ in self.gradcam_choices(visit)]
        # Grad-CAM reads the clip again.
        has_gradcam = bool(choices) and can_explain(self.models[recording.model]) and Path(recording.path).is_file()
        figure = None
        if not is_clip:
            figure = plot_timeline(to_intervals(events, label_set), result.duration, label_set=label_set)
        return {
            **self.list_recordings(visit),
            page.headline: headline(named, recording.model, recording.name, len(events)),
            page.plot: gr.update(value=figure, visible=not is_clip),
            page.table: {'headers': table_columns(label_set), 'data': event_rows(events, label_set)},
            page.explanation: gr.update(visible=has_gradcam),
            page.interval: gr.update(choices=choices, value=choices[0] if choices else None),
            page.maps: gr.update(visible=False, value=None),
        }

    def gradcam_choices(self, visit: Visit) -> list:
        """List the intervals of the chosen person for which Grad-CAM can be chosen: the best actions of a clip, or all
        events, as corrected."""
        recording = visit.shown
        result = next(result for result in recording.results if result.person == visit.person)
        if result.kind == 'clip':
            return gradcam_choices(result.intervals, result.label_set, is_clip=True)
        events = recording.events(visit.person)
        return gradcam_choices(to_intervals(events, result.label_set), result.label_set)

    def export(self, visit: Visit, visitor: str, form: str, scope: str) -> dict[Block, object]:
        """Write the file of the download button anew.

        Raises:
            OSError: If the file cannot be written.
            ValueError: If the format cannot hold a recording.
        """
        recordings: Sequence[VisitRecording] = visit.recognised if scope == ALL else [visit.shown]
        page = self.components
        if visit.export:
            self.uploads.drop(visitor, visit.export)
            visit.export = None
        if not (recordings and all(recording and recording.results for recording in recordings)):
            return {page.download: gr.update(value=None, interactive=False)}
        visit.export = write_export(recordings, form, self.uploads.folder)
        self.uploads.add(visitor, visit.export)
        return {
            page.download: gr.update(value=str(visit.export), label=f'Download {visit.export.name}', interactive=True)
        }
