"""A picture that shows all 52 actions, a few frames of each."""

import cv2
import numpy as np

from mmaction_microaction.label_sets.ma52 import ACTIONS

from .clip import frames, make_clip


def contact_sheet(size=(112, 134), seed=0, columns=2, shown=8, captioned=18, actions=ACTIONS):
    """Draw a contact sheet.

    Args:
        size (tuple[int, int]): Width and height of each frame in pixels.
        seed (int): Another seed shows other clips.
        columns (int): Number of actions side by side.
        shown (int): Frames of each action, evenly spaced over the clip.
        captioned (int): Height of the captions in pixels.
        actions (Sequence[Action]): What is shown.

    Returns:
        np.ndarray: RGB picture, uint8.
    """
    strips = []
    for action in actions:
        clip = make_clip(action.index, action.index, size, seed, 0, action.index)
        every = list(frames(clip))
        strip = np.hstack([every[i] for i in np.linspace(0, len(every) - 1, shown).round().astype(int)])
        strip = cv2.copyMakeBorder(strip, captioned, 0, 0, 8, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        caption = f'{action.code} {action.name} (label {action.index}, {len(every)} frames)'
        place, black = (4, captioned - 5), (0, 0, 0)
        strips.append(cv2.putText(strip, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, black, 1, cv2.LINE_AA))
    blank = np.full_like(strips[0], 255)
    strips += [blank] * (-len(strips) % columns)
    return np.hstack([np.vstack(strips[k::columns]) for k in range(columns)])
