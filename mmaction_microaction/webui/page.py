"""Components of the page, their layout and their events."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from mmaction_microaction.inference import WRITERS, MicroActionInferencer
from mmaction_microaction.label_sets import MA52

from .answers import describe_actions, group_bars_title, table_columns
from .handlers import NO_RESULT, Components, Handlers
from .uploads import Uploads

TITLE = 'Micro-action recognition'
INTRODUCTION = """# {title}
Upload or record a clip of a {person}. {behaviour}
Clips may have up to {max_seconds:g} seconds and {max_megabytes:g} MB.
They are deleted {deleted}.{camera}"""
RECOGNIZES = (
    'A clip of up to {longest_clip:g} seconds is recognised as {actions}; a longer video becomes a timeline. The '
    'network always names one of these actions, even for an empty room.'
)
DETECTS = 'A detector finds any number of actions with their times, several at once or none: each is {actions}.'
NO_CAMERA = (
    ' To record here, open this page over https, or on the machine that serves it: otherwise browsers block the camera.'
)


def original_video(**options) -> gr.Video:
    """Make a component that shows the original file of a video.

    With ffmpeg, Gradio would show a converted copy of a video that browsers cannot play.
    """
    component = gr.Video(**options)
    component.postprocess = lambda value: value and gr.FileData(path=str(value), orig_name=Path(value).name)
    return component


def build_page(
    models: dict[str, MicroActionInferencer],
    uploads: Uploads,
    examples: Sequence[Path] = (),
    keep_minutes: float = 10,
    secure: bool = True,
) -> gr.Blocks:
    """Build the page.

    Args:
        models (dict[str, MicroActionInferencer]): Networks by name.
        uploads (Uploads): Clips of the visitors.
        examples (Sequence[Path]): Clips to choose from. Defaults to none.
        keep_minutes (float): Minutes after which uploads are deleted at the latest. With 0, they are deleted with the
            result, or after 10 minutes. Defaults to 10.
        secure (bool): Whether browsers allow the page to use a camera. Defaults to True.

    Returns:
        gr.Blocks: The page, not yet served.
    """
    names = list(models)
    label_sets = [model.label_set for model in models.values()]
    behaviour = []
    for is_detector, text in ((False, RECOGNIZES), (True, DETECTS)):
        chosen = [model for model in models.values() if model.is_detector == is_detector]
        if chosen:
            actions = describe_actions([model.label_set for model in chosen])
            behaviour.append(text.format(actions=actions, longest_clip=chosen[0].longest_clip))
    introduction = INTRODUCTION.format(
        title=TITLE,
        # The people of MA-52 sit. What the clips of other label sets show is not known.
        person='seated person' if set(label_sets) == {MA52} else 'person',
        behaviour=' '.join(behaviour),
        max_seconds=uploads.max_seconds,
        max_megabytes=uploads.max_megabytes,
        deleted=f'when this page is closed, and after {keep_minutes:g} minutes at the latest'
        if keep_minutes
        else 'when the result is ready or this page is closed, and after 10 minutes at the latest',
        camera='' if secure else NO_CAMERA,
    )
    page = gr.Blocks(title=TITLE, analytics_enabled=False)
    with page:
        gr.Markdown(introduction)
        shown = gr.State()
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                # The sound is kept, since Gradio would call ffmpeg to remove it.
                clip = original_video(label='Clip', height=340, include_audio=True, elem_id='clip')
                model = gr.Dropdown(names, value=names[0], label='Network', elem_id='model')
                recognize = gr.Button('Recognise', variant='primary', elem_id='recognize')
                example = gr.Dataset(
                    label='Examples',
                    components=[original_video(render=False)],
                    samples=[[str(path)] for path in examples],
                    sample_labels=[path.stem for path in examples],
                    type='index',
                    samples_per_page=16,
                    visible=bool(examples),
                    elem_id='examples',
                )
            with gr.Column(scale=3, min_width=480):
                headline = gr.Markdown(NO_RESULT, elem_id='headline')
                person = gr.Radio([], label='Person', visible=False, elem_id='person')
                with gr.Row(visible=False, elem_id='bars') as bars:
                    actions = gr.Label(label='Action', num_top_classes=5, show_heading=False, elem_id='actions')
                    groups = gr.Label(
                        label=group_bars_title(label_sets[0]),
                        num_top_classes=5,
                        show_heading=False,
                        elem_id='groups',
                    )
                with gr.Column(visible=False, elem_id='timeline') as timeline:
                    plot = gr.Plot(show_label=False, elem_id='plot')
                    table = gr.Dataframe(
                        headers=table_columns(label_sets[0]),
                        label='Select a row to jump to it in the clip',
                        interactive=False,
                        max_height=400,
                        buttons=[],
                        elem_id='table',
                    )
                with gr.Row(visible=False, elem_id='downloads') as downloads:
                    formats = [suffix[1:] for suffix in WRITERS]
                    files = [gr.DownloadButton(f'Download {name.upper()}', size='sm', elem_id=name) for name in formats]
                with gr.Group(visible=False, elem_id='explanation') as explanation:
                    interval = gr.Dropdown([], label='Explain (Grad-CAM)', type='index', elem_id='interval')
                    show_gradcam = gr.Button('Show Grad-CAM', elem_id='gradcam')
                maps = gr.Plot(visible=False, show_label=False, elem_id='maps')
                crop = gr.HTML(visible=False, elem_id='crop')

        components = Components(
            clip=clip,
            shown=shown,
            headline=headline,
            person=person,
            crop=crop,
            bars=bars,
            actions=actions,
            groups=groups,
            timeline=timeline,
            plot=plot,
            table=table,
            downloads=downloads,
            files=files,
            explanation=explanation,
            interval=interval,
            maps=maps,
        )
        handlers = Handlers(components, models, uploads, examples, keep_uploads=keep_minutes > 0)
        cleared = [shown, headline, person, crop, bars, timeline, downloads, explanation, maps]
        result = [component for component in components if component not in (clip, files)] + files
        # Handlers are not an API for other programs, and the network works on one call at a time.
        private = dict(api_visibility='private')
        network = dict(concurrency_id='network', concurrency_limit=1, **private)
        gr.on([clip.upload, clip.stop_recording], handlers.upload, clip, [clip, *cleared], **private)
        clip.clear(handlers.release, **private).then(handlers.clear, None, cleared, **private)
        example.click(handlers.choose_example, example, [clip, *cleared], **private)
        recognize.click(handlers.recognize, [clip, model], result, show_progress_on=headline, **network)
        of_person = [component for component in result if component not in (person, crop, downloads, *files)]
        person.input(handlers.choose_person, [shown, person, clip], of_person, **private)
        table.select(handlers.seek, shown, [clip, interval], **private)
        show_gradcam.click(handlers.explain, [clip, shown, interval], maps, show_progress_on=show_gradcam, **network)
        page.unload(handlers.release)
    # turns.py limits the calls that wait for the network; the other calls are short.
    return page.queue(max_size=100)
