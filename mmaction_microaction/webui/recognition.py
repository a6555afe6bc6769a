"""Recognition of a clip for a visitor, on the page and by the HTTP API."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

from mmaction_microaction.inference import MicroActionInferencer, SeveralPeopleWarning

from .answers import crop_picture
from .corrections import Corrections, to_coding
from .limits import LimitedVideo
from .visits import Result


class StoppedError(ValueError):
    """Raised when a visitor stops the recognition, or closes the page."""


class Recognized(NamedTuple):
    """What was recognised in a clip."""

    results: list[Result]
    """Results of the people."""
    corrections: Corrections
    """The coded recording, without a correction."""
    picture: str
    """HTML of the picture that shows what the network saw."""
    warnings: list[str]
    """Warnings that name the clip."""


def recognize_clip(
    inferencer: MicroActionInferencer,
    model: str,
    video: LimitedVideo,
    name: str,
    progress: Callable[[float], None],
) -> Recognized:
    """Recognise a clip.

    Args:
        inferencer (MicroActionInferencer): The network.
        model (str): Name of the network.
        video (LimitedVideo): The clip.
        name (str): Name of the clip.
        progress (Callable[[float], None]): Function that is called with the finished part, 0 to 1. It may raise an
            error to stop.

    Returns:
        Recognized: Results, coded recording and warnings.

    Raises:
        ValueError: If the clip cannot be recognised.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        results = inferencer.people(video, lambda done, total: progress(min(done / max(total, 1), 1)))
        picture = crop_picture(video, results)
    # Warnings that name the clip are for the visitor; warnings of libraries are not. The page lists several people
    # itself.
    texts = [
        str(warning.message)
        for warning in caught
        if video.path in str(warning.message) and not issubclass(warning.category, SeveralPeopleWarning)
    ]
    return Recognized(results, Corrections(to_coding(results, name, model, video.fps)), picture, texts)
