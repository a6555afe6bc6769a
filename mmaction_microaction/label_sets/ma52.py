"""The 52 micro-actions and 7 body parts of MA-52.

Names, codes and the map from fine to coarse labels are defined only here. They are taken from the label list and the
annotation manual of MA-52 (Guo et al., IEEE TCSVT 2024, section III), and the numbers of clips from the released lists
of the train and val splits.

Indices do *not* follow the order of the codes: index 1 is A3 and index 3 is A2.

Examples:
    >>> ACTIONS[9].code, ACTIONS[9].name, BODY_PARTS[FINE_TO_COARSE[9]]
    ('B1', 'nodding', 'head')
    >>> [action.index for action in ACTIONS if action.code == 'A2']
    [3]
"""

from typing import NamedTuple

import numpy as np

BODY_PARTS = ('body', 'head', 'upper limb', 'lower limb', 'body-hand', 'head-hand', 'leg-hand')
"""Names of the body parts, by coarse label."""

# Row i belongs to fine label i: code, name, number of clips in the train list, number of clips in the val list.
# The letter of a code is the body part: A is body part 0, G is body part 6.
_TABLE = (
    ('A1', 'shaking body', 309, 153),
    ('A3', 'sitting straightly', 150, 74),
    ('A4', 'shrugging', 20, 9),
    ('A2', 'turning around', 9, 3),
    ('A5', 'rising up', 156, 76),
    ('B5', 'bowing head', 337, 168),
    ('B6', 'head up', 242, 121),
    ('B4', 'tilting head', 456, 228),
    ('B3', 'turning head', 962, 480),
    ('B1', 'nodding', 1283, 641),
    ('B2', 'shaking head', 1193, 595),
    ('C6', 'scratching arms', 227, 112),
    ('C8', 'playing objects', 112, 56),
    ('C9', 'putting hands together', 95, 47),
    ('C13', 'rubbing hands', 42, 21),
    ('C11', 'pointing oneself', 82, 41),
    ('C12', 'clenching fist', 76, 37),
    ('C4', 'stretching arms', 355, 176),
    ('C10', 'retracting arms', 87, 43),
    ('C5', 'waving', 277, 138),
    ('C7', 'spreading hands', 147, 73),
    ('C3', 'hands touching fingers', 356, 177),
    ('C2', 'other finger movements', 373, 186),
    ('C1', 'illustrative gestures', 397, 197),
    ('D3', 'shaking legs', 238, 119),
    ('D7', 'curling legs', 66, 33),
    ('D6', 'spread legs', 92, 46),
    ('D5', 'closing legs', 97, 48),
    ('D8', 'crossing legs', 60, 30),
    ('D4', 'stretching feet', 231, 115),
    ('D2', 'retracting feet', 259, 128),
    ('D1', 'tiptoe', 398, 198),
    ('E2', 'scratching or touching neck', 63, 30),
    ('E1', 'scratching or touching chest', 82, 40),
    ('E3', 'scratching or touching back', 53, 25),
    ('E6', 'scratching or touching shoulder', 33, 16),
    ('E4', 'arms akimbo', 43, 21),
    ('E5', 'crossing arms', 43, 20),
    ('F3', 'playing or tidying hair', 89, 44),
    ('F4', 'scratching or touching hindbrain', 82, 40),
    ('F7', 'scratching or touching forehead', 58, 28),
    ('F2', 'scratching or touching face', 126, 63),
    ('F6', 'rubbing eyes', 66, 33),
    ('F1', 'touching nose', 147, 72),
    ('F8', 'touching ears', 52, 25),
    ('F10', 'covering face', 6, 2),
    ('F9', 'covering mouth', 25, 12),
    ('F5', 'pushing glasses', 68, 34),
    ('G2', 'patting legs', 421, 209),
    ('G1', 'touching legs', 497, 248),
    ('G3', 'scratching legs', 92, 45),
    ('G4', 'scratching feet', 20, 10),
)


class Action(NamedTuple):
    """One of the 52 micro-actions.

    Examples:
        >>> ACTIONS[36].words
        ('arms', 'akimbo')
    """

    index: int
    """Fine label, 0 to 51."""
    code: str
    """Code of the annotation manual, such as ``B1``."""
    name: str
    """Name in the released label list, such as ``nodding``."""
    body_part: int
    """Coarse label, 0 to 6, an index into :data:`BODY_PARTS`."""
    train_clips: int
    """Number of clips in the released train list."""
    val_clips: int
    """Number of clips in the released val list."""

    @property
    def words(self) -> tuple[str, ...]:
        """tuple[str, ...]: Words of the name. The label embedding is the mean of their vectors."""
        return tuple(self.name.split())


ACTIONS = tuple(
    Action(index, code, name, ord(code[0]) - ord('A'), train_clips, val_clips)
    for index, (code, name, train_clips, val_clips) in enumerate(_TABLE)
)

NUM_ACTIONS = len(ACTIONS)
NUM_BODY_PARTS = len(BODY_PARTS)

FINE_TO_COARSE = np.array([action.body_part for action in ACTIONS])
"""Coarse label of each fine label, shape (52,): ``coarse = FINE_TO_COARSE[fine]``."""
FINE_TO_COARSE.flags.writeable = False

REVERSED_PAIRS = ((17, 18), (29, 30), (26, 27))
"""Pairs of fine labels whose actions are each other played backwards: stretching and retracting arms, stretching and
retracting feet, spread and closing legs. Only the order of the frames distinguishes them."""

EMOTIONS = ('joy', 'sadness', 'surprise', 'fear', 'anger')
"""Emotions of MA-52-Pro, by label (section VI of the paper)."""
