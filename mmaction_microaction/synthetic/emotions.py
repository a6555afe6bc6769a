"""How an emotion shows: the expression of the face and the mix of micro-actions, neither of which gives it away.

A benchmark for two branches needs both. Here an emotion shows in one of a few expressions, most of which other emotions
share, as in the paper's Fig. 8 (a sad person smiles, an angry one looks surprised), and it shifts the mix of
micro-actions the same way as another emotion does::

                  smile  sorrow  gasp  scowl  fright    manner
    joy            0.7    0.3                           open: gestures away from the body
    sadness        0.5    0.5                           closed: arms and legs crossed, hands together
    surprise                     0.6    0.4             restless: legs and feet, hands on the hips and legs
    fear                         0.45          0.55     closed
    anger                        0.45   0.55            open

The face leaves joy or sadness, surprise or anger, or surprise, anger or fear; the manner leaves joy or anger, or
sadness or fear; no two emotions share both. What moves the head or brings a hand to it says nothing, or the face would
show the actions too. :func:`posterior` is the best that anyone can do who sees the expression, the actions or both
without error: about 59 %, 59 % and 96 %.
"""

import numpy as np

from mmaction_microaction.label_sets.ma52 import ACTIONS, EMOTIONS, NUM_ACTIONS

from .person.curves import pulse, ramp, wander
from .render.face import Expression

SHARES = np.array([0.24, 0.19, 0.19, 0.18, 0.20])
"""How frequent each emotion is."""

# Brows, their slant, eyes, corners of the mouth, its opening and width.
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
"""How often each emotion shows in each expression, shape (5, 5)."""

# Relative frequencies; poses that last are frequent, since a network sees a frame every half second.
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


def action_shares():
    """How often each emotion comes with each micro-action.

    Of an emotion's actions, 68 % are of its manner, 6 % of the others' and 26 % of no manner, as frequent as in MA-52.

    Returns:
        np.ndarray: Shape (5, 52); each row sums to 1.
    """
    of_none = np.array([float(action.train_clips) for action in ACTIONS])
    manners = {}
    for name, frequencies in _MANNERS.items():
        manners[name] = np.array([float(frequencies.get(action.name, 0)) for action in ACTIONS])
        of_none[manners[name] > 0] = 0.0
    shares = np.empty((len(EMOTIONS), NUM_ACTIONS))
    for row, emotion in zip(shares, EMOTIONS):
        own = manners[_MANNER_OF[emotion]]
        others = sum(manners.values()) - own
        row[:] = 0.68 * own / own.sum() + 0.06 * others / others.sum() + 0.26 * of_none / of_none.sum()
    return shares


def posterior(expressions=None, actions=None):
    """Probabilities of the emotions for someone who sees expressions, actions or both without error.

    Each action of a video is taken as drawn by itself, though none comes twice.

    Args:
        expressions (Sequence[int], optional): Index of each video's expression. Defaults to None: not seen.
        actions (Sequence[Sequence[int]], optional): Fine labels of each video. Defaults to None: not seen.

    Returns:
        np.ndarray: Shape (videos, 5).
    """
    likelihood = SHARES[None]
    if expressions is not None:
        likelihood = likelihood * EXPRESSION_SHARES.T[np.asarray(expressions)]
    if actions is not None:
        logs = np.log(action_shares())
        likelihood = likelihood * np.exp([logs[:, labels].sum(1) for labels in actions])
    return likelihood / likelihood.sum(1, keepdims=True)


def draw_actions(emotion, number, rng):
    """Draw micro-actions in their order; none comes twice.

    Args:
        emotion (int): Index of the emotion.
        number (int): How many.
        rng (np.random.Generator): Source of the choice.

    Returns:
        list[int]: Fine labels.
    """
    return rng.choice(NUM_ACTIONS, number, replace=False, p=action_shares()[emotion]).tolist()


def draw_expression(index, times, rng):
    """Let an expression come up and stay, stronger and weaker; nobody makes it like anyone else, and everyone blinks.

    Args:
        index (int): Index of the expression.
        times (np.ndarray): Seconds, shape (T,).
        rng (np.random.Generator): Source of all but the expression.

    Returns:
        Expression: Over T frames.
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
