"""What is on the page."""

from pathlib import Path

import gradio as gr

from .answers import TABLE
from .handlers import NOTHING_YET, Handlers

TITLE = 'Micro-action recognition'
INTRODUCTION = """# {title}
Upload or record a clip of a seated person. Up to {longest:g} seconds it is taken for one of the 52 micro-actions of
MA-52; a longer video gives a timeline. The network knows no others, and names one of them whatever it sees, also in an
empty room. At most {seconds:g} seconds and {megabytes:g} MB are taken. Clips are deleted {deleted}.{camera}"""
NO_CAMERA = ' To record here, open this page by https, or on the machine that serves it: browsers allow no camera else.'


def video_as_it_is(**options):
    """Make a field for a video that is shown as it is, or not where a browser cannot: with ffmpeg, Gradio would hand on
    a copy."""
    field = gr.Video(**options)
    field.postprocess = lambda value: value and gr.FileData(path=str(value), orig_name=Path(value).name)
    return field


def build_page(models, uploads, examples=(), keep_minutes=10, secure=True):
    """Build the page.

    Args:
        models (dict[str, MicroActionInferencer]): The networks by name.
        uploads (Uploads): Holds the visitors' clips.
        examples (Sequence[Path]): Clips to choose from. Defaults to none.
        keep_minutes (float): Uploads are deleted at the latest after so many minutes; 0: as soon as the result is
            there, or after 10. Defaults to 10.
        secure (bool): Whether browsers let the page use a camera. Defaults to True.

    Returns:
        gr.Blocks: The page, not yet served.
    """
    handlers = Handlers(models, uploads, examples, keep_uploads=keep_minutes > 0)
    names = list(models)
    introduction = INTRODUCTION.format(
        title=TITLE,
        longest=models[names[0]].longest_clip,
        seconds=uploads.max_seconds,
        megabytes=uploads.max_megabytes,
        deleted=f'when this page is closed, at the latest after {keep_minutes:g} minutes'
        if keep_minutes
        else 'as soon as the result is there or this page is closed, at the latest after 10 minutes',
        camera='' if secure else NO_CAMERA,
    )
    page = gr.Blocks(title=TITLE, analytics_enabled=False)
    with page:
        gr.Markdown(introduction)
        shown = gr.State()
        with gr.Row():
            with gr.Column(scale=2, min_width=320):
                # With its sound: to take it out, Gradio would call ffmpeg.
                clip = video_as_it_is(label='Clip', height=340, include_audio=True, elem_id='clip')
                model = gr.Dropdown(names, value=names[0], label='Network', elem_id='model')
                recognise = gr.Button('Recognise', variant='primary', elem_id='recognise')
                offered = gr.Dataset(
                    label='Examples',
                    components=[video_as_it_is(render=False)],
                    samples=[[str(path)] for path in examples],
                    sample_labels=[path.stem for path in examples],
                    type='index',
                    samples_per_page=16,
                    visible=bool(examples),
                    elem_id='examples',
                )
            with gr.Column(scale=3, min_width=480):
                found = gr.Markdown(NOTHING_YET, elem_id='found')
                with gr.Row(visible=False) as bars:
                    actions = gr.Label(label='Action', num_top_classes=5, show_heading=False, elem_id='actions')
                    parts = gr.Label(
                        label='Body part: sum over its actions', num_top_classes=5, show_heading=False, elem_id='parts'
                    )
                with gr.Column(visible=False) as timeline:
                    plot = gr.Plot(show_label=False, elem_id='timeline')
                    table = gr.Dataframe(
                        headers=list(TABLE),
                        label='Press a row to go there in the clip',
                        interactive=False,
                        max_height=400,
                        buttons=[],
                        elem_id='intervals',
                    )
                with gr.Row(visible=False) as downloads:
                    as_json = gr.DownloadButton('Download JSON', size='sm', elem_id='json')
                    as_csv = gr.DownloadButton('Download CSV', size='sm', elem_id='csv')
                with gr.Group(visible=False) as explanation:
                    asked = gr.Dropdown([], label='Where did the network see', type='index', elem_id='asked')
                    show = gr.Button('Show Grad-CAM', elem_id='gradcam')
                maps = gr.Plot(visible=False, show_label=False, elem_id='maps')

        cleared = [shown, found, bars, timeline, downloads, explanation, maps]
        # One network at work at a time, whoever asks; and nothing of it is an API for other programs.
        private = dict(api_visibility='private')
        network = dict(concurrency_id='network', concurrency_limit=1, **private)
        gr.on([clip.upload, clip.stop_recording], handlers.take, clip, [clip, *cleared], **private)
        clip.clear(handlers.drop, **private).then(handlers.clear, None, cleared, **private)
        offered.click(handlers.choose, offered, [clip, *cleared], **private)
        recognise.click(
            handlers.recognise,
            [clip, model],
            [*cleared, actions, parts, plot, table, asked, as_json, as_csv],
            show_progress_on=found,
            **network,
        )
        table.select(handlers.go_to, shown, [clip, asked], **private)
        show.click(handlers.explain, [clip, shown, asked], maps, show_progress_on=show, **network)
        page.unload(handlers.drop)
    # Of the calls that wait for the network, see turns.py; the others are short.
    return page.queue(max_size=100)
