"""The page: its introduction, its components and their events."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from mmaction_microaction.inference import MicroActionInferencer
from mmaction_microaction.inference.loading import ORIGIN, SHIPPED_NETWORK
from mmaction_microaction.label_sets import is_ma52

from .answers import describe_actions
from .api import add_api
from .correcting import CorrectionHandlers
from .handlers import Handlers
from .layout import make_input, make_result
from .uploads import Uploads
from .view import Components, View

TITLE = 'Micro-action recognition'
INTRODUCTION = """# {title}
Upload or record a video of a {person}. {behaviour}
Videos may have up to {duration} and {size}. They stay on the computer that serves this page, and are
deleted {deleted}."""
RECOGNIZES = 'A clip of up to {longest_clip:g} seconds is recognised as {actions}; a longer video becomes a timeline.'
KNOWS_NO_REST = 'A network that does not know rest names one of these actions even for someone who does nothing.'
SHIPPED = 'The network {name} was {origin}.'
DETECTS = 'A detector finds any number of actions with their times, several at once or none: each is {actions}.'
NO_CAMERA = (
    'The camera is blocked: browsers allow it only on https pages, and on the computer that serves the page. Open this '
    'page in one of these ways to record here. Uploads work.'
)
SHOW_NO_CAMERA = f'() => window.isSecureContext ? "" : {NO_CAMERA!r}'
TIME_OF_VIDEO = """() => {
    const video = document.querySelector('#clip video');
    return video ? Math.round(video.currentTime * 100) / 100 : null;
}"""


def introduce(models: dict[str, MicroActionInferencer], uploads: Uploads, keep_minutes: float) -> str:
    """Return the introduction of the page, in Markdown.

    Args:
        models (dict[str, MicroActionInferencer]): Networks by name.
        uploads (Uploads): Clips of the visitors, with their limits.
        keep_minutes (float): Minutes after which unused uploads are deleted.

    Returns:
        str: The introduction.
    """
    behaviour = []
    for is_detector, text in ((False, RECOGNIZES), (True, DETECTS)):
        chosen = [model for model in models.values() if model.is_detector == is_detector]
        if chosen:
            actions = describe_actions([model.label_set for model in chosen])
            behaviour.append(text.format(actions=actions, longest_clip=chosen[0].longest_clip))
            if not is_detector and not all(model.label_set.has_rest for model in chosen):
                behaviour.append(KNOWS_NO_REST)
    if SHIPPED_NETWORK.stem in models:
        behaviour.append(SHIPPED.format(name=SHIPPED_NETWORK.stem.replace('_', r'\_'), origin=ORIGIN))
    seconds, megabytes = uploads.max_seconds, uploads.max_megabytes
    return INTRODUCTION.format(
        title=TITLE,
        # The people of MA-52 sit. What the clips of other label sets show is not known.
        person='seated person' if all(is_ma52(model.label_set) for model in models.values()) else 'person',
        behaviour=' '.join(behaviour),
        duration=f'{seconds / 60:g} minutes' if seconds >= 120 else f'{seconds:g} seconds',
        size=f'{megabytes / 1000:g} GB' if megabytes >= 1000 else f'{megabytes:g} MB',
        deleted=f'when this page is closed, or when it was not used for {keep_minutes:g} minutes'
        if keep_minutes
        else 'when the result is ready or this page is closed, or after 10 minutes without use',
    )


def build_page(
    models: dict[str, MicroActionInferencer],
    uploads: Uploads,
    examples: Sequence[Path] = (),
    keep_minutes: float = 60,
) -> gr.Blocks:
    """Build the page.

    Args:
        models (dict[str, MicroActionInferencer]): Networks by name.
        uploads (Uploads): Clips of the visitors.
        examples (Sequence[Path]): Clips to choose from. Defaults to none.
        keep_minutes (float): Minutes after which unused uploads are deleted. With 0, they are deleted with the result,
            or after 10 minutes without use. Defaults to 60.

    Returns:
        gr.Blocks: The page, not yet served.
    """
    page = gr.Blocks(title=TITLE, analytics_enabled=False)
    # The network works on one call at a time.
    network = dict(concurrency_id='network', concurrency_limit=1)
    with page:
        gr.Markdown(introduce(models, uploads, keep_minutes))
        no_camera = gr.Markdown('', elem_id='no-camera')
        parts = dict(tick=gr.State(0))
        with gr.Row():
            parts |= make_input(list(models), examples, uploads.max_files)
            with gr.Column(scale=3, min_width=480):
                parts |= make_result(next(iter(models.values())).label_set)
        view = View(Components(**{name: parts[name] for name in Components._fields}), models, uploads)
        _connect(page, parts, view, Handlers(view, examples, keep_uploads=keep_minutes > 0), network)
        _connect_corrections(parts, view, CorrectionHandlers(view))
        add_api(models, uploads, **network)
        # Only browsers know whether they allow the camera.
        page.load(None, None, no_camera, js=SHOW_NO_CAMERA, api_visibility='private')
    # turns.py limits the calls that wait for the network; the other calls are short.
    return page.queue(max_size=100, default_concurrency_limit=8)


def _connect(page, parts, view, handlers, network):
    """Connect the events of uploads and of recognition."""
    part = view.components
    # Handlers are not an API for other programs; api.py contains that.
    private = dict(api_visibility='private')
    all_parts = list(part)
    output = [component for component in all_parts if component not in (part.stop, part.tick, part.progress)]
    export = [parts['form'], part.scope]
    written = dict(fn=CorrectionHandlers(view).export, inputs=export, outputs=part.download, **private)
    for event in (
        gr.on([part.clip.upload, part.clip.stop_recording], handlers.upload, part.clip, output, **private),
        parts['more'].upload(handlers.upload_more, parts['more'], output, **private),
        gr.on([part.clip.clear, part.remove.click], handlers.remove, None, output, **private),
        parts['example'].click(handlers.choose_example, parts['example'], output, **private),
        part.recording.input(handlers.choose_recording, part.recording, output, **private),
        part.tick.change(handlers.recognize, None, all_parts, show_progress_on=part.progress, **network, **private),
    ):
        event.then(**written)
    started = [part.recording, part.scope, part.stop, part.tick]
    part.recognize.click(handlers.begin, parts['model'], started, **private)
    part.stop.click(handlers.stop, None, part.progress, **private)
    part.person.input(handlers.choose_person, part.person, output, **private)
    parts['show_gradcam'].click(
        handlers.explain, part.interval, part.maps, show_progress_on=parts['show_gradcam'], **network, **private
    )
    page.unload(handlers.release)


def _connect_corrections(parts, view, handlers):
    """Connect the events of the table, its form and the downloads."""
    part, private = view.components, dict(api_visibility='private')
    form = [part.start, part.end, part.action, part.owner, part.comment]
    export = [parts['form'], part.scope]
    output = [
        part.headline,
        part.recording,
        part.scope,
        part.plot,
        part.table,
        part.explanation,
        part.interval,
        part.maps,
    ]
    output += [part.comment, part.download]
    selected = [part.clip, *form, part.interval]
    part.table.select(handlers.select, None, selected, show_progress='hidden', **private)
    parts['change'].click(handlers.change, [*form, *export], output, **private)
    gr.on(
        [part.start.submit, part.end.submit, part.comment.submit],
        handlers.change,
        [*form, *export],
        output,
        **private,
    )
    parts['add'].click(handlers.add, [*form, *export], output, **private)
    parts['delete'].click(handlers.delete, export, output, **private)
    everything = [component for component in part if component not in (part.clip, part.stop, part.tick, part.progress)]
    part.names.submit(handlers.rename, [part.names, *export], everything, **private)
    parts['coder'].change(
        handlers.name_coder, [parts['coder'], *export], part.download, show_progress='hidden', **private
    )
    gr.on([parts['form'].input, part.scope.input], handlers.export, export, part.download, **private)
    # The time is read in the browser.
    for button, number in (('start_now', part.start), ('end_now', part.end)):
        parts[button].click(None, None, number, js=TIME_OF_VIDEO, **private)
