"""How much the appearance of rendered videos varies: ranges of camera, light, sensor and room, as two named sets."""

from dataclasses import dataclass

Range = tuple[float, float]
"""Lowest and highest value of a uniform distribution."""


@dataclass(frozen=True)
class Variety:
    """Ranges from which the appearance of a video is drawn, independently of its label."""

    fill: Range = (0.58, 0.79)
    """Height of a seated adult in units of the image height."""
    distance: Range = (2.7, 3.7)
    """Distance of the camera in metres."""
    height: Range = (0.75, 1.35)
    """Height of the camera in metres."""
    sideways: float = 0.25
    """Largest sideways displacement of the camera in metres."""
    roll: float = 0.02
    """Largest roll of the camera in radians."""
    off_center: float = 0.25
    """Largest displacement of the person, as a share of the free part of the image."""
    close_up: float = 0.0
    """Probability of a close-up, which cuts off the feet, or also the knees or the top of the head."""
    face_mask: float = 0.0
    """Probability that blocks of one colour hide the face, as in anonymised videos."""
    gain: Range = (0.82, 1.16)
    """Brightness of the image, 1 if unchanged."""
    tint: float = 0.05
    """Largest change of the gain of red, green and blue."""
    gamma: Range = (0.88, 1.18)
    """Exponent of the brightness. Higher values darken the middle tones."""
    saturation: Range = (0.7, 1.1)
    """Strength of the colours, 0 for grey and 1 if unchanged."""
    contrast: Range = (0.6, 1.3)
    """Strength of the shading."""
    sharpness: Range = (-0.7, 0.6)
    """Blurred if negative, sharpened if positive."""
    vignette: float = 0.2
    """Largest loss of brightness in the corners."""
    exposure: float = 0.35
    """Largest share of the previous frame in a frame, which blurs movements."""
    noise: Range = (0.0, 2.5)
    """Standard deviation of the sensor noise in grey levels, out of 255."""
    crf: tuple[int, int] = (18, 29)
    """Range of the constant rate factor of x264."""
    clutter: tuple[float, int] = (0.35, 5)
    """Probability of objects in the room, and their largest number."""
    patchwork: float = 0.0
    """Probability that random colours replace the room."""


VARIETIES = {
    'normal': Variety(),
    'high': Variety(
        fill=(0.50, 0.84),
        distance=(1.9, 4.5),
        height=(0.6, 1.7),
        sideways=0.6,
        roll=0.06,
        off_center=0.5,
        close_up=0.25,
        face_mask=0.2,
        gain=(0.6, 1.3),
        tint=0.13,
        gamma=(0.65, 1.55),
        saturation=(0.2, 1.5),
        contrast=(0.2, 1.7),
        sharpness=(-1.0, 1.2),
        vignette=0.4,
        exposure=0.45,
        noise=(0.0, 6.0),
        crf=(17, 34),
        clutter=(0.7, 9),
        patchwork=0.15,
    ),
}
"""``'normal'`` is a plain room that shows the whole person, as in MA-52. ``'high'`` is for training networks that are
to recognise real people elsewhere."""


def get_variety(name: str) -> Variety:
    """Return a variety by its name.

    Args:
        name (str): Key of :data:`VARIETIES`.

    Returns:
        Variety: Ranges of the appearance.

    Raises:
        ValueError: If there is no variety with this name.

    Examples:
        >>> get_variety('high').close_up
        0.25
    """
    if name not in VARIETIES:
        raise ValueError(f'variety {name!r}: must be one of {", ".join(VARIETIES)}')
    return VARIETIES[name]
