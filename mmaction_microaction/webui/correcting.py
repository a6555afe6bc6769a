"""Handlers of the events of the page: corrections of events, names of people, and downloads."""

import gradio as gr
from gradio.blocks import Block

from mmaction_microaction.coding.subjects import parse_subjects

from .answers import event_rows
from .corrections import make_event_from_form, name_people
from .messages import describe_for_visitors, show_warning
from .view import View
from .visits import Visit


class CorrectionHandlers:
    """Functions that receive the values of components, and return a dict of the components to update.

    Args:
        view (View): What the page shows.
    """

    def __init__(self, view: View):
        self.view, self.components = view, view.components

    def select(self, request: gr.Request, event: gr.SelectData) -> dict[Block, object]:
        """Jump to the event of a selected row in the clip, fill the form with it, and choose it for Grad-CAM."""
        page, visit = self.components, self.view.visit(request)
        if visit.shown is None or not visit.shown.results:
            return gr.skip()
        events = visit.shown.events(visit.person)
        rows = event_rows(events, visit.shown.results[0].label_set)
        # Visitors may sort the table. Two equal rows are interchangeable.
        row = rows.index([str(value) for value in event.row_value])
        visit.row = chosen = events[row]
        update = {
            page.clip: gr.update(playback_position=chosen.start),
            page.start: round(chosen.start, 3),
            page.end: round(chosen.end, 3),
            page.action: chosen.action,
            page.owner: visit.person,
            page.comment: visit.shown.corrections.remark(chosen),
        }
        choices = self.view.gradcam_choices(visit)
        if len(choices) == len(events):
            update[page.interval] = choices[row][0]
        return update

    def change(self, start, end, action, owner, comment, form, scope, request: gr.Request) -> dict[Block, object]:
        """Replace the selected event by the values of the form."""
        visit = self.view.visit(request)

        def correct(recording, row):
            event = make_event_from_form(row, start, end, action, recording.names[owner], comment, recording.coding)
            visit.row = recording.corrections.change(visit.row, event)

        return self._correct(visit, correct, form, scope, request, needs_row=True)

    def add(self, start, end, action, owner, comment, form, scope, request: gr.Request) -> dict[Block, object]:
        """Add an event with the values of the form."""
        visit = self.view.visit(request)

        def correct(recording, _):
            # The form may contain the remark of the selected row.
            remark = '' if visit.row and comment == recording.corrections.remark(visit.row) else comment
            event = make_event_from_form(
                'New row', start, end, action, recording.names[owner], remark, recording.coding
            )
            visit.row = recording.corrections.add(event)

        return self._correct(visit, correct, form, scope, request)

    def delete(self, form, scope, request: gr.Request) -> dict[Block, object]:
        """Delete the selected event."""
        visit = self.view.visit(request)

        def correct(recording, _):
            recording.corrections.delete(visit.row)
            visit.row = None

        return self._correct(visit, correct, form, scope, request, needs_row=True)

    def rename(self, text: str, form, scope, request: gr.Request) -> dict[Block, object]:
        """Give the people of the recording the names of the study."""
        visit = self.view.visit(request)
        recording = visit.shown
        try:
            if recording and recording.results:
                names, problems = name_people(list(recording.names), parse_subjects(text, allow_one_name=True))
                if problems:
                    raise ValueError(' '.join(problems))
                recording.corrections.rename({recording.names[person]: names[person] for person in names})
                recording.names = names
        except ValueError as error:
            show_warning(error)
        return {**self.view.show(visit), **self.export(form, scope, request)}

    def name_coder(self, name: str, form, scope, request: gr.Request) -> dict[Block, object]:
        """Note who corrects the recordings."""
        visit = self.view.visit(request)
        visit.coder = name.strip()
        for recording in visit.recognised:
            recording.corrections.name_coder(visit.coder)
        return self.export(form, scope, request)

    def export(self, form: str, scope: str, request: gr.Request) -> dict[Block, object]:
        """Write the file of the download button anew."""
        visit = self.view.visit(request)
        try:
            return self.view.export(visit, request.session_hash, form, scope)
        except Exception as error:
            show_warning(f'The file could not be written. {describe_for_visitors(error)}', self.view.uploads.folder)
            return {self.components.download: gr.update(value=None, interactive=False)}

    def _correct(self, visit: Visit, correct, form, scope, request, needs_row=False):
        recording = visit.shown
        if recording is None or not recording.results:
            return gr.skip()
        events = recording.events(visit.person)
        if needs_row and visit.row not in events:
            show_warning('Select a row of the table first.')
            return gr.skip()
        row = f'Row {events.index(visit.row) + 1}' if visit.row in events else ''
        try:
            correct(recording, row)
        except ValueError as error:
            show_warning(error)
            return gr.skip()
        page = self.components
        selected = visit.row and {page.comment: recording.corrections.remark(visit.row)}
        return {**self.view.show_events(visit), **(selected or {}), **self.export(form, scope, request)}
