"""Messages for visitors, which name no folder of the server."""

import traceback
from html import escape
from pathlib import Path

import gradio as gr


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
        return 'There is not enough memory for this video; upload a smaller or shorter one.'
    return 'The video could not be recognised; upload another one, or encode it again as MP4.'


def hide_folder(message: object, path: str | Path) -> str:
    """Remove the folder of a clip from a message.

    Args:
        message (object): The message.
        path (str | Path): Path of the clip. ``''``: none.

    Returns:
        str: The message as plain text.
    """
    text = str(message)
    return text.replace(str(path), Path(path).name) if str(path) else text


def for_visitors(message: object, path: str | Path = '') -> str:
    """Remove the folder of a clip from a message, and escape the message, which the page shows as HTML."""
    return escape(hide_folder(message, path))


def show_warning(message: object, path: str | Path = '') -> None:
    """Show a message until the visitor closes it, see :func:`for_visitors`."""
    gr.Warning(for_visitors(message, path), duration=None)


def make_error(message: object, path: str | Path = '', title: str = 'Not recognised') -> gr.Error:
    """Return an error that the page shows until the visitor closes it, see :func:`for_visitors`."""
    return gr.Error(for_visitors(message, path), duration=None, title=title, print_exception=False)
