"""An image that shows a few frames of each of the 52 actions."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmaction_microaction.label_sets import MA52, Action

from .clip import make_clip
from .scene import render_frames


def draw_contact_sheet(
    size: tuple[int, int] = (112, 134),
    seed: int = 0,
    num_columns: int = 2,
    num_shown: int = 8,
    caption_height: int = 18,
    actions: Sequence[Action] | None = None,
    variety: str = 'normal',
) -> np.ndarray:
    """Draw a few frames of each action, with its code and name.

    Args:
        size (tuple[int, int]): Width and height of each frame in pixels. Defaults to (112, 134).
        seed (int): Seed of the clips. Defaults to 0.
        num_columns (int): Number of actions side by side. Defaults to 2.
        num_shown (int): Number of frames per action, evenly spaced over the clip. Defaults to 8.
        caption_height (int): Height of the captions in pixels. Defaults to 18.
        actions (Sequence[Action], optional): Actions to show. Defaults to None: all 52.
        variety (str): How much camera, light and room vary: ``'normal'`` (default) or ``'high'``.

    Returns:
        np.ndarray: RGB image, shape (height, width, 3), uint8.
    """
    strips = []
    for action in MA52.actions if actions is None else actions:
        clip = make_clip(action.index, action.index, size, seed, index=action.index, variety=variety)
        frames = list(render_frames(clip))
        strip = np.hstack([frames[i] for i in np.linspace(0, len(frames) - 1, num_shown).round().astype(int)])
        strip = cv2.copyMakeBorder(strip, caption_height, 0, 0, 8, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        caption = f'{action.code} {action.name} (label {action.index}, {len(frames)} frames)'
        origin, black = (4, caption_height - 5), (0, 0, 0)
        strips.append(cv2.putText(strip, caption, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.45, black, 1, cv2.LINE_AA))
    blank = np.full_like(strips[0], 255)
    strips += [blank] * (-len(strips) % num_columns)
    return np.hstack([np.vstack(strips[k::num_columns]) for k in range(num_columns)])
