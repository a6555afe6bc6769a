"""Parts of the page: the upload on the left, and the result, the corrections and the downloads on the right."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.blocks import Block

from mmaction_microaction.label_sets import LabelSet

from .answers import group_bars_title, table_columns
from .exports import list_formats
from .view import ALL, NO_RESULT

THIS = 'this recording'
VIDEO_TYPES = ['video', '.mkv', '.mts', '.m2ts', '.avi', '.mov', '.mxf', '.wmv']
"""Kinds of files that the choice of several files offers. Browsers do not know all of them as videos."""


def original_video(**options) -> gr.Video:
    """Make a component that shows the original file of a video.

    With ffmpeg, Gradio would show a converted copy of a video that browsers cannot play.
    """
    component = gr.Video(**options)
    component.postprocess = lambda value: value and gr.FileData(path=str(value), orig_name=Path(value).name)
    return component


def make_input(names: Sequence[str], examples: Sequence[Path], max_files: int) -> dict[str, Block]:
    """Make the column of uploads.

    Args:
        names (Sequence[str]): Names of the networks.
        examples (Sequence[Path]): Clips to choose from.
        max_files (int): Maximum number of videos of a page.

    Returns:
        dict[str, Block]: Components by name.
    """
    with gr.Column(scale=2, min_width=320):
        # The sound is kept, since Gradio would call ffmpeg to remove it.
        parts = dict(clip=original_video(label='Video', height=340, include_audio=True, elem_id='clip'))
        parts['more'] = gr.UploadButton(
            f'Add several videos (up to {max_files})',
            file_count='multiple',
            file_types=VIDEO_TYPES,
            size='sm',
            elem_id='more',
            visible=max_files > 1,
        )
        # Gradio 6.31 would leave an empty temporary file for every upload.
        parts['more'].preprocess = lambda files: [file.path for file in files.root] if files else []
        parts['recording'] = gr.Radio([], label='Recordings', visible=False, elem_id='recording')
        parts['remove'] = gr.Button('Remove this video', size='sm', visible=False, elem_id='remove')
        parts['model'] = gr.Dropdown(list(names), value=names[0], label='Network', elem_id='model')
        with gr.Row():
            parts['recognize'] = gr.Button('Recognise', variant='primary', interactive=False, elem_id='recognize')
            parts['stop'] = gr.Button('Stop', visible=False, min_width=80, scale=0, elem_id='stop')
        parts['progress'] = gr.Markdown('', min_height=60, elem_id='progress')
        parts['example'] = gr.Dataset(
            label='Examples: a click adds one',
            components=[original_video(render=False)],
            samples=[[str(path)] for path in examples],
            sample_labels=[path.stem for path in examples],
            type='index',
            samples_per_page=16,
            visible=bool(examples),
            elem_id='examples',
        )
    return parts


def make_result(label_set: LabelSet) -> dict[str, Block]:
    """Make the components of the result, from the headline to the map of Grad-CAM.

    Args:
        label_set (LabelSet): Label set of the first network.

    Returns:
        dict[str, Block]: Components by name.
    """
    parts = dict(headline=gr.Markdown(NO_RESULT, elem_id='headline'))
    parts['person'] = gr.Radio([], label='Person', visible=False, elem_id='person')
    with gr.Row(visible=False, elem_id='bars') as parts['bars']:
        options = dict(num_top_classes=5, show_heading=False)
        parts['actions'] = gr.Label(label='Action', elem_id='actions', **options)
        parts['groups'] = gr.Label(label=group_bars_title(label_set), elem_id='groups', **options)
    parts['plot'] = gr.Plot(show_label=False, visible=False, elem_id='plot')
    parts |= _make_events(label_set)
    with gr.Group(visible=False, elem_id='downloads') as parts['downloads']:
        with gr.Row():
            formats = [(title, name) for name, title in list_formats().items()]
            parts['form'] = gr.Dropdown(formats, value=formats[0][1], label='File format', elem_id='format')
            parts['scope'] = gr.Radio(
                [THIS, ALL], value=THIS, label='Recordings in the file', visible=False, elem_id='scope'
            )
        parts['download'] = gr.DownloadButton('Download', elem_id='download')
    with gr.Group(visible=False, elem_id='explanation') as parts['explanation']:
        parts['interval'] = gr.Dropdown([], label='Explain (Grad-CAM)', type='index', elem_id='interval')
        parts['show_gradcam'] = gr.Button('Show Grad-CAM', elem_id='gradcam')
    parts['maps'] = gr.Plot(visible=False, show_label=False, elem_id='maps')
    parts['crop'] = gr.HTML(visible=False, elem_id='crop')
    return parts


def _make_events(label_set):
    """Make the table of events and the form that corrects them."""
    parts = {}
    with gr.Column(visible=False, elem_id='timeline') as parts['events']:
        parts['table'] = gr.Dataframe(
            headers=table_columns(label_set),
            label='Select a row to jump to it in the video, and to correct it below',
            interactive=False,
            max_height=320,
            wrap=True,
            buttons=[],
            elem_id='table',
        )
        with gr.Accordion('Correct the table, name people', open=False, elem_id='correct'):
            with gr.Row():
                parts['start'] = gr.Number(label='Start (s)', min_width=90, elem_id='start')
                parts['end'] = gr.Number(label='End (s)', min_width=90, elem_id='end')
                parts['action'] = gr.Dropdown([], label='Action', scale=2, min_width=180, elem_id='action')
                parts['owner'] = gr.Dropdown([], label='Person', min_width=90, visible=False, elem_id='owner')
            with gr.Row():
                parts['start_now'] = gr.Button('Start = time of the video', size='sm', elem_id='start-now')
                parts['end_now'] = gr.Button('End = time of the video', size='sm', elem_id='end-now')
            with gr.Row():
                parts['comment'] = gr.Textbox(label='Comment', max_lines=1, elem_id='comment')
                parts['coder'] = gr.Textbox(label='Your name or initials, for the file', max_lines=1, elem_id='coder')
            with gr.Row():
                parts['change'] = gr.Button('Change row', size='sm', elem_id='change')
                parts['add'] = gr.Button('Add as a new row', size='sm', elem_id='add')
                parts['delete'] = gr.Button('Delete row', size='sm', elem_id='delete')
            parts['names'] = gr.Textbox(
                label='Names of the people in your study, then Enter', visible=False, max_lines=1, elem_id='names'
            )
    return parts
