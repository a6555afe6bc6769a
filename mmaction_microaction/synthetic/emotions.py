"""Defines how an emotion shows in the facial expression and in the choice of micro-actions.

Neither identifies the emotion alone, so that a network needs both of its branches. An emotion shows in one of two
expressions, mostly shared with other emotions, as in Fig. 8 of the paper (a sad person smiles, an angry person looks
surprised). An emotion also prefers the micro-actions of one manner, which it may share with another emotion::

                  smile  sorrow  gasp  scowl  fright    manner
    joy            0.7    0.3                           open: gestures away from the body
    sadness        0.5    0.5                           closed: arms and legs crossed, hands together
    surprise                     0.6    0.4             restless: legs and feet, hands on the hips and legs
    fear                         0.45          0.55     closed
    anger                        0.45   0.55            open

No two emotions share both an expression and a manner. Actions that move the head or bring a hand to it are equally
frequent in all emotions, since they are visible in a crop of the face. An observer who recognises every expression is
correct for about 59 % of the videos, one who recognises every action for 59 %, and one who recognises both for 96 %.
"""

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.label_sets.ma52_pro import EMOTIONS
from mmaction_microaction.synthetic.person.curves import pulse, ramp, wander
from mmaction_microaction.synthetic.render.face import Expression

SHARES = np.array([0.24, 0.19, 0.19, 0.18, 0.20])
"""Share of each emotion in the videos, shape (5,)."""

# The fields of Expression: brows, slant, eyes, corners, opening, width.
_LOOKS = {
    'smile': (0.1, 0.0, -0.35, 1.0, 0.1, 0.6),
    'sorrow': (0.1, 1.0, -0.3, -1.0, 0.0, -0.1),
    'gasp': (1.0, 0.0, 0.8, -0.1, 1.0, -0.45),
    'scowl': (-0.5, -1.0, -0.4, -0.7, 0.0, -0.2),
    'fright': (0.7, 0.8, 0.9, -0.5, 0.45, 0.7),
}
EXPRESSIONS = tuple(_LOOKS)
EXPRESSION_SHARES = np.array(
    [
        (0.7, 0.3, 0.0, 0.0, 0.0),
        (0.5, 0.5, 0.0, 0.0, 0.0),
        (0.0, 0.0, 0.6, 0.4, 0.0),
        (0.0, 0.0, 0.45, 0.0, 0.55),
        (0.0, 0.0, 0.45, 0.55, 0.0),
    ]
)
"""Probability of each expression given the emotion, shape (5 emotions, 5 expressions)."""

# Relative frequencies. Lasting poses are frequent, since a network samples one frame every half second.
_MANNERS = {
    'open': {
        'stretching arms': 3, 'waving': 2, 'spreading hands': 2, 'illustrative gestures': 2, 'pointing oneself': 1,
        'clenching fist': 1, 'retracting arms': 1,
    },
    'closed': {
        'crossing arms': 3, 'crossing legs': 2, 'curling legs': 2, 'hands touching fingers': 1,
        'putting hands together': 1, 'rubbing hands': 1, 'scratching arms': 1,
    },
    'restless': {
        'arms akimbo': 3, 'spread legs': 2, 'stretching feet': 2, 'tiptoe': 2, 'shaking legs': 1, 'closing legs': 1,
        'retracting feet': 1, 'patting legs': 1, 'touching legs': 1,
    },
}  # fmt: skip
_MANNER_OF = {'joy': 'open', 'sadness': 'closed', 'surprise': 'restless', 'fear': 'closed', 'anger': 'open'}


def action_shares() -> np.ndarray:
    """Return the probability of each micro-action given the emotion.

    68 % of an emotion's actions belong to its manner, 6 % to the other manners and 26 % to no manner. Actions without a
    manner have the proportions of MA-52.

    Returns:
        np.ndarray: Probabilities, shape (5, 52). Each row sums to 1.
    """
    of_none = np.array([float(action.train_clips) for action in MA52.actions])
    manners = {}
    for name, frequencies in _MANNERS.items():
        manners[name] = np.array([float(frequencies.get(action.name, 0)) for action in MA52.actions])
        of_none[manners[name] > 0] = 0.0
    shares = np.empty((len(EMOTIONS), len(MA52)))
    for row, emotion in zip(shares, EMOTIONS):
        own = manners[_MANNER_OF[emotion]]
        others = sum(manners.values()) - own
        row[:] = 0.68 * own / own.sum() + 0.06 * others / others.sum() + 0.26 * of_none / of_none.sum()
    return shares


def draw_actions(emotion: int, num_actions: int, rng: np.random.Generator) -> list[int]:
    """Draw different micro-actions of a video, in their order.

    Args:
        emotion (int): Index of the emotion.
        num_actions (int): Number of actions.
        rng (np.random.Generator): Random number generator.

    Returns:
        list[int]: Fine labels.
    """
    return rng.choice(len(MA52), num_actions, replace=False, p=action_shares()[emotion]).tolist()


def draw_expression(index: int, times: np.ndarray, rng: np.random.Generator) -> Expression:
    """Draw the course of an expression, which appears and then varies in strength. The person also blinks.

    Args:
        index (int): Index of the expression.
        times (np.ndarray): Times in seconds, shape (T,).
        rng (np.random.Generator): Random number generator that varies the expression.

    Returns:
        Expression: Facial expression over T frames.
    """
    looks = np.array(_LOOKS[EXPRESSIONS[index]]) * rng.uniform(0.75, 1.15) + rng.normal(0.0, 0.12, 6)
    onset = rng.uniform(0.0, 0.15) * times[-1]
    strength = ramp(times, onset, onset + rng.uniform(0.3, 0.8))
    strength *= np.clip(0.88 + 0.12 * wander(times, rng, 0.5), 0.4, 1.1)
    amounts = looks[:, None] * strength + 0.06 * np.stack([wander(times, rng, 0.8) for _ in looks])
    expression = Expression(*amounts)
    shut = rng.uniform(0.0, 4.0)
    while shut < times[-1]:
        expression.eyes[:] -= (1.0 + expression.eyes) * pulse(times, shut, shut + 0.08, shut + 0.1, shut + 0.2)
        shut += rng.uniform(1.5, 5.0)
    return expression
