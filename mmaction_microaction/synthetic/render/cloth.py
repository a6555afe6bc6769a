"""Folds and prints of clothes: small polygons that move with the trunk and the limbs."""

from typing import NamedTuple

import numpy as np

from .canvas import LimbMark, tone

# Folds are near the joints, where cloth is pushed together. The range is the share of the limb.
_NEAR_JOINTS = ((0.04, 0.22), (0.72, 0.92))


class Patch(NamedTuple):
    """A polygon on the front of the trunk."""

    below: np.ndarray
    """Distance of the corners below the neck, as a share of the torso, shape (n,)."""
    across: np.ndarray
    """Position of the corners across the trunk, from -1 (right edge) to 1 (left edge), shape (n,)."""
    color: tuple[int, int, int]
    """RGB colour."""


def limb_folds(color: tuple[int, int, int], creases: float, rng: np.random.Generator, count: int = 3) -> list[LimbMark]:
    """Draw the folds of a sleeve or a trouser leg.

    Args:
        color (tuple[int, int, int]): RGB colour of the cloth.
        creases (float): Strength of the folds, from 0 to 1.
        rng (np.random.Generator): Random number generator.
        count (int): Number of folds. Defaults to 3.

    Returns:
        list[LimbMark]: Folds, alternately dark and light.
    """
    folds = []
    for k in range(count):
        start, slant = rng.uniform(*_NEAR_JOINTS[k % 2]), rng.uniform(-0.16, 0.16)
        left, right = -rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8)
        thick = rng.uniform(0.02, 0.06)
        bright = 1.0 - 0.20 * creases if k % 3 < 2 else 1.0 + 0.12 * creases
        along = (start, start + slant, start + slant + thick, start + 0.3 * thick)
        folds.append(LimbMark(along, (left, right, 0.7 * right, left), tone(color, bright)))
    return folds


def limb_stripes(pattern: str, color: tuple[int, int, int]) -> list[LimbMark]:
    """Return the stripes of a sleeve, or nothing if the pattern has none."""
    if pattern not in ('stripes', 'checks'):
        return []
    thick = 0.13 if pattern == 'stripes' else 0.05
    edge = 0.97
    return [
        LimbMark((start, start, start + thick, start + thick), (-edge, edge, edge, -edge), color)
        for start in np.arange(0.06, 0.9, 0.29)
    ]


def trunk_folds(color: tuple[int, int, int], creases: float, rng: np.random.Generator) -> list[Patch]:
    """Draw the folds of a shirt: slanted ones from the armpits, and flatter ones above the waist.

    Args:
        color (tuple[int, int, int]): RGB colour of the cloth.
        creases (float): Strength of the folds, from 0 to 1.
        rng (np.random.Generator): Random number generator.

    Returns:
        list[Patch]: Folds, dark and light.
    """
    folds = []
    for k in range(7):
        side = (-1.0, 1.0)[k % 2]
        if k < 2:
            start, end = (0.20, 0.85), (rng.uniform(0.35, 0.55), rng.uniform(0.1, 0.5))
        else:
            start = rng.uniform(0.5, 0.82), rng.uniform(0.6, 0.95)
            end = start[0] + rng.uniform(-0.04, 0.12), rng.uniform(-0.1, 0.45)
        thick = rng.uniform(0.012, 0.035)
        bright = 1.0 - 0.20 * creases if k % 3 < 2 else 1.0 + 0.12 * creases
        middle = 0.5 * (start[0] + end[0]), 0.5 * (start[1] + end[1])
        below = np.array([start[0], middle[0] - 0.2 * thick, end[0], middle[0] + thick])
        across = side * np.array([start[1], middle[1], end[1], middle[1]])
        folds.append(Patch(below, across, tone(color, bright)))
    return folds


def trunk_pattern(pattern: str, color: tuple[int, int, int], rng: np.random.Generator) -> list[Patch]:
    """Return the pattern on the front of a shirt.

    Args:
        pattern (str): One of :data:`.PATTERNS`.
        color (tuple[int, int, int]): RGB colour of the pattern.
        rng (np.random.Generator): Random number generator of its details.

    Returns:
        list[Patch]: Polygons of the pattern, from back to front.
    """

    def box(top: float, bottom: float, left: float, right: float, brightness: float = 1.0) -> Patch:
        below = np.array([top, top, bottom, bottom])
        return Patch(below, np.array([left, right, right, left]), tone(color, brightness))

    def band(top: float, bottom: float) -> Patch:
        edge = np.linspace(-0.97, 0.97, 5)
        below = np.repeat([top, bottom], 5)
        return Patch(below, np.concatenate([edge, edge[::-1]]), tone(color, 1.0))

    if pattern == 'badge':
        return [box(0.28, 0.38, 0.2, 0.62)]
    if pattern == 'logo':
        angle = np.arange(10) * np.pi / 5
        size = rng.uniform(0.12, 0.26)
        center = rng.uniform(0.30, 0.42)
        spikes = 1.0 - rng.uniform(0.0, 0.5) * (np.arange(10) % 2)
        blob = center + size * spikes * np.sin(angle), 2.2 * size * spikes * np.cos(angle)
        return [Patch(*blob, tone(color, 1.0)), *(box(center - 0.05, center, x - 0.12, x, 0.5) for x in (-0.08, 0.2))]
    if pattern == 'lettering':
        rows = int(rng.integers(1, 3))
        edges = [-0.55 + 0.19 * k for k in range(6)]
        return [
            box(0.28 + 0.11 * row, 0.28 + 0.11 * row + rng.uniform(0.05, 0.08), x, x + rng.uniform(0.08, 0.15))
            for row in range(rows)
            for x in edges
        ]
    if pattern == 'stripes':
        return [band(top, top + 0.055) for top in np.arange(0.24, 0.85, 0.125)]
    if pattern == 'checks':
        across = [band(top, top + 0.022) for top in np.arange(0.26, 0.86, 0.15)]
        return across + [box(0.12, 0.88, x, x + 0.07, 0.9) for x in (-0.7, -0.28, 0.2, 0.62)]
    if pattern == 'buttons':
        line = box(0.05, 0.88, -0.02, 0.02, 0.8)
        return [line, *(box(top, top + 0.022, -0.03, 0.03) for top in np.arange(0.14, 0.85, 0.14))]
    # An open jacket shows the shirt below.
    return [Patch(np.array([0.0, 0.0, 0.88, 0.88]), np.array([-0.16, 0.16, 0.34, -0.34]), tone(color, 1.0))]
