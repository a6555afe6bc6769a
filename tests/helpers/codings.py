"""Made-up codings of interviews."""

import numpy as np

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.structures.coding import CodedEvent, Coding

RATES = {
    'nodding': 3.0,
    'shaking head': 0.6,
    'scratching or touching face': 1.2,
    'rubbing hands': 0.4,
    'crossing legs': 0.3,
    'shaking legs': 0.5,
    'crossing arms': 0.2,
    'shaking body': 0.1,
    'touching legs': 0.4,
}
"""Events a minute. The actions are those of MA-52, and belong to all its groups."""
_SECONDS = dict(zip(RATES, (1.1, 1.0, 3.5, 4.0, 2.2, 12.0, 20.0, 1.5, 3.0)))


def event(start, end, name, person='P1', score=None):
    """Return an event with code and group of an action of MA-52, or of another action."""
    action = next((action for action in MA52.actions if action.name == name), None)
    known = dict(code=action.code, group=action.group) if action else {}
    return CodedEvent(start, end, name, person, score=score, **known)


def make_interview(recording, seed, minutes=10.0, people=('P1', 'P2'), coder='Anna'):
    """Return a coding of an interview whose people nod, shake their heads, touch their faces and move their legs.

    Args:
        recording (str): Name of the recording.
        seed (int): Seed. People of different seeds move more or less.
        minutes (float): Duration.
        people (tuple[str, ...]): Names of the people.
        coder (str): Name of the coder.

    Returns:
        Coding: The coding, with the label set of MA-52.
    """
    rng = np.random.default_rng(seed)
    duration = 60 * minutes
    events = []
    for person in people:
        for name, rate in RATES.items():
            count = rng.poisson(rate * minutes * rng.gamma(4, 1 / 4))
            free = 0.0
            for start in sorted(rng.uniform(0, duration - 1, count)):
                start = max(start, free)
                free = start + max(_SECONDS[name] * rng.lognormal(0, 0.4), 0.3)
                if free < duration:
                    events.append(event(round(start, 2), round(free, 2), name, person))
                free += 0.2
    return Coding(recording, events, duration, people=people, coder=coder, label_set=MA52)


def code_again(coding, seed, coder='Ben', scores=False):
    """Return the coding of a second coder, who starts a little earlier or later, misses a tenth and confuses some.

    Args:
        coding (Coding): The first coding.
        seed (int): Seed.
        coder (str): Name of the second coder.
        scores (bool): Whether the events have scores, as those of a program. Defaults to False.

    Returns:
        Coding: The second coding.
    """
    rng = np.random.default_rng(seed)
    others = {'nodding': 'shaking head', 'shaking head': 'nodding'}
    events = []
    for each in coding.events:
        if rng.random() < 0.1:
            continue
        name = others.get(each.action, each.action) if rng.random() < 0.08 else each.action
        start = max(each.start + rng.normal(0, 0.15), 0)
        end = min(max(each.end + rng.normal(0, 0.3), start + 0.1), coding.duration)
        score = round(rng.uniform(0.4, 1), 2) if scores else None
        events.append(event(round(start, 2), round(end, 2), name, each.person, score))
    return Coding(coding.recording, events, coding.duration, people=coding.people, coder=coder, label_set=MA52)
