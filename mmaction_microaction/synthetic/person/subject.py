"""Body proportions and appearance of a subject, which are the same in all videos of the subject."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from .skeleton import Proportions

_SKIN = ((236, 200, 172), (224, 182, 150), (208, 160, 126), (184, 134, 100), (150, 104, 76), (108, 74, 54))
_HAIR = ((28, 24, 24), (44, 32, 26), (70, 48, 34), (104, 74, 46), (150, 118, 76), (128, 126, 124), (96, 48, 30))
_SHIRTS = (
    (34, 34, 38), (236, 236, 230), (96, 132, 186), (40, 60, 104), (150, 44, 48), (74, 110, 80), (206, 180, 140),
    (128, 128, 132), (196, 140, 150), (220, 190, 90), (70, 64, 110), (120, 86, 62),
)  # fmt: skip
_TROUSERS = (
    (36, 38, 46), (66, 84, 116), (140, 160, 184), (108, 104, 88), (176, 160, 130), (84, 84, 88), (56, 46, 42),
)  # fmt: skip
_SHOES = ((232, 230, 226), (30, 30, 32), (88, 78, 60), (140, 60, 56), (70, 80, 110))

HAIRCUTS = ('short', 'medium', 'long')


Color = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""


@dataclass
class Subject:
    """Body proportions, colours and clothes of a subject."""

    proportions: Proportions
    """Body lengths."""
    skin: Color
    hair: Color
    shirt: Color
    trousers: Color
    shoes: Color
    socks: Color
    haircut: str
    """One of :data:`HAIRCUTS`."""
    long_sleeves: bool
    """Whether sleeves reach the wrist. Otherwise they cover the upper arm."""
    shorts: bool
    """Whether trousers end above the knee."""
    print_on_shirt: Color | None
    """Colour of a badge on the chest. None if there is no badge."""
    brows: float
    """Thickness of the eyebrows, 1 on average."""


def draw_subject(rng: np.random.Generator) -> Subject:
    """Draw a subject."""

    def color(palette: Sequence[tuple[int, int, int]], spread: int = 10) -> tuple[int, int, int]:
        base = np.array(palette[int(rng.integers(len(palette)))])
        return tuple(np.clip(base + rng.integers(-spread, spread + 1, 3), 8, 246).tolist())

    scale = rng.uniform(0.92, 1.07)
    ratios = {
        item.name: item.default * float(rng.uniform(0.955, 1.045))
        for item in fields(Proportions)
        if item.name not in ('scale', 'head', 'girth')
    }
    return Subject(
        proportions=Proportions(
            scale=float(scale), head=float(rng.uniform(1.02, 1.14)), girth=float(rng.uniform(0.88, 1.14)), **ratios
        ),
        skin=color(_SKIN, 6),
        hair=color(_HAIR, 6),
        shirt=color(_SHIRTS),
        trousers=color(_TROUSERS),
        shoes=color(_SHOES),
        socks=color(((240, 240, 238), (40, 40, 44), (150, 150, 150))),
        haircut=str(rng.choice(HAIRCUTS, p=(0.5, 0.25, 0.25))),
        long_sleeves=bool(rng.random() < 0.4),
        shorts=bool(rng.random() < 0.2),
        print_on_shirt=color(_SHIRTS) if rng.random() < 0.4 else None,
        brows=float(rng.uniform(0.7, 1.4)),
    )
