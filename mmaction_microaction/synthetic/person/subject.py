"""Body proportions and appearance of a subject, which are the same in all videos of the subject."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from .skeleton import Proportions

# From light to dark. A subject's skin is between two neighbours.
_SKIN = (
    (238, 206, 184),
    (226, 184, 156),
    (210, 162, 130),
    (184, 134, 102),
    (150, 104, 78),
    (104, 72, 54),
    (72, 50, 40),
)
_SKIN_PROBABILITIES = (0.2, 0.25, 0.2, 0.13, 0.12, 0.10)
_HAIR = (
    (18, 16, 17), (26, 22, 22), (34, 28, 26), (46, 34, 28), (70, 48, 34), (104, 74, 46), (150, 118, 76), (96, 48, 30),
)  # fmt: skip
_GREY_HAIR = ((128, 126, 124), (176, 174, 170), (84, 82, 82))
_SHIRTS = (
    (34, 34, 38), (236, 236, 230), (96, 132, 186), (40, 60, 104), (150, 44, 48), (74, 110, 80), (206, 180, 140),
    (128, 128, 132), (196, 140, 150), (220, 190, 90), (70, 64, 110), (120, 86, 62), (22, 22, 24), (60, 62, 66),
    (226, 220, 202), (140, 168, 208), (28, 36, 58),
)  # fmt: skip
_TROUSERS = (
    (36, 38, 46), (66, 84, 116), (140, 160, 184), (108, 104, 88), (176, 160, 130), (84, 84, 88), (56, 46, 42),
    (24, 24, 28), (112, 134, 150), (132, 132, 104), (160, 142, 104),
)  # fmt: skip
_SHOES = ((232, 230, 226), (30, 30, 32), (88, 78, 60), (140, 60, 56), (70, 80, 110))

HAIRCUTS = ('bald', 'buzzed', 'short', 'fringe', 'curly', 'medium', 'long', 'bun')
_HAIRCUT_PROBABILITIES = (0.05, 0.11, 0.25, 0.2, 0.08, 0.11, 0.12, 0.08)
BEARDS = ('none', 'stubble', 'moustache', 'full')
_BEARD_PROBABILITIES = (0.5, 0.22, 0.12, 0.16)
PATTERNS = ('badge', 'logo', 'lettering', 'stripes', 'checks', 'buttons', 'jacket')
AGES = ('child', 'adult', 'old')
_AGE_PROBABILITIES = (0.1, 0.72, 0.18)

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
    age: str
    """One of :data:`AGES`."""
    haircut: str
    """One of :data:`HAIRCUTS`."""
    hairline: float
    """Height of the hairline, from 0 (low) to 1 (high)."""
    hair_volume: float
    """Size of the hair relative to that of the head, 1 on average."""
    beard: str
    """One of :data:`BEARDS`."""
    long_sleeves: bool
    """Whether sleeves reach the wrist. Otherwise they cover the upper arm."""
    shorts: bool
    """Whether trousers end above the knee."""
    print_on_shirt: Color | None
    """Colour of the pattern of the shirt. None if the shirt is plain."""
    pattern: str
    """Pattern of a shirt that is not plain, one of :data:`PATTERNS`."""
    fit: float
    """Width of sleeves and trousers relative to that of the limb, 1 if tight."""
    creases: float
    """Strength of the folds of the clothes, from 0 to 1."""
    cloth_seed: int
    """Seed of the places of the folds and of the details of the pattern."""
    brows: float
    """Thickness of the eyebrows, 1 on average."""


def draw_subject(rng: np.random.Generator) -> Subject:
    """Draw a subject."""

    def color(palette: Sequence[tuple[int, int, int]], spread: int = 10) -> tuple[int, int, int]:
        base = np.array(palette[int(rng.integers(len(palette)))])
        return tuple(np.clip(base + rng.integers(-spread, spread + 1, 3), 8, 246).tolist())

    def dyed(palette: Sequence[tuple[int, int, int]]) -> Color:
        # Some clothes have any colour, so that no palette is learnt.
        return color(palette) if rng.random() < 0.85 else tuple(rng.integers(20, 200, 3).tolist())

    age = str(rng.choice(AGES, p=_AGE_PROBABILITIES))
    child = age == 'child'
    scale = rng.uniform(0.74, 0.90) if child else rng.uniform(0.90, 1.08)
    shade, between = int(rng.choice(len(_SKIN) - 1, p=_SKIN_PROBABILITIES)), rng.random()
    skin = np.array(_SKIN[shade]) + between * (np.array(_SKIN[shade + 1]) - _SKIN[shade]) + rng.integers(-6, 7, 3)
    haircut = str(rng.choice(HAIRCUTS, p=_HAIRCUT_PROBABILITIES))
    beard = str(rng.choice(BEARDS, p=_BEARD_PROBABILITIES))
    ratios = {
        item.name: item.default * float(rng.uniform(0.955, 1.045))
        for item in fields(Proportions)
        if item.name not in ('scale', 'head', 'girth')
    }
    return Subject(
        proportions=Proportions(
            scale=float(scale),
            head=float(rng.uniform(1.14, 1.26) if child else rng.uniform(1.0, 1.14)),
            girth=float(rng.uniform(0.84, 1.04) if child else rng.uniform(0.86, 1.22)),
            **ratios,
        ),
        skin=tuple(np.round(skin).astype(int).tolist()),
        hair=color(_GREY_HAIR if age == 'old' else _HAIR, 6),
        shirt=dyed(_SHIRTS),
        trousers=dyed(_TROUSERS),
        shoes=color(_SHOES),
        socks=color(((240, 240, 238), (40, 40, 44), (150, 150, 150))),
        age=age,
        haircut='short' if child and haircut == 'bald' else haircut,
        hairline=float(rng.uniform(0.0, 1.0)),
        hair_volume=float(rng.uniform(0.95, 1.12)),
        # Children have no beards, and few people with long hair have one.
        beard='none' if child or (haircut in ('medium', 'long', 'bun') and rng.random() < 0.85) else beard,
        long_sleeves=bool(rng.random() < 0.4),
        shorts=bool(rng.random() < 0.2),
        print_on_shirt=dyed(_SHIRTS) if rng.random() < 0.6 else None,
        pattern=str(rng.choice(PATTERNS)),
        fit=float(rng.uniform(0.95, 1.35)),
        creases=float(rng.uniform(0.1, 1.0)),
        cloth_seed=int(rng.integers(2**31)),
        brows=float(rng.uniform(0.7, 1.4)),
    )
