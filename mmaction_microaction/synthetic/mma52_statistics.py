"""Statistics of the published train table of MMA-52: how long, how frequent and how often cut off its actions are.

The numbers were counted from the 13,698 instances of the 4,534 train videos (Li et al., "MMAD: Multi-label Micro-Action
Detection in Videos", arXiv 2407.05311). The table itself is not part of this project.
"""

import numpy as np

NUM_VIDEOS = (4534, 1475, 519)
"""Number of videos of MMA-52's train, val and test splits."""
SECONDS = (5.0, 15.0)
"""Duration of the shortest and the longest video in seconds."""
MIN_SECONDS = 0.27
"""Duration of the shortest action in seconds."""
SHARE_OF_29_FPS = 0.176
"""Share of the videos with 29 frames per second. The others have 30."""

# Quantiles of the duration of a video in seconds.
_VIDEO_QUANTILES = ((0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0), (5.0, 5.1, 8.3, 10.6, 12.5, 14.5, 15.0))
# Probability of 2 to 8 actions in a video of at most 10 seconds, and in a longer one.
_NUM_ACTIONS = (
    (0.638, 0.251, 0.079, 0.027, 0.003, 0.002, 0.0),
    (0.326, 0.296, 0.183, 0.121, 0.054, 0.013, 0.007),
)
# Row i belongs to fine label i of MA-52: instances; lower quartile, median and upper quartile of their seconds; share
# that begins before the video; share that ends after it. With fewer than 5 instances, the shares are
# those of a short action.
_ACTIONS = np.array([
    (368, 2.7, 3.9, 5.9, 0.36, 0.14), (201, 1.1, 1.7, 2.7, 0.17, 0.06), (128, 1.2, 1.8, 2.5, 0.09, 0.03),
    (1, 1.0, 1.3, 1.7, 0.15, 0.08), (96, 1.9, 3.2, 5.4, 0.22, 0.06), (357, 0.8, 1.1, 1.9, 0.13, 0.04),
    (168, 1.0, 1.6, 2.4, 0.17, 0.05), (887, 1.2, 1.8, 3.2, 0.20, 0.07), (2039, 1.2, 2.0, 3.7, 0.24, 0.07),
    (1274, 1.1, 1.6, 2.6, 0.16, 0.07), (651, 1.1, 1.6, 2.4, 0.14, 0.06), (239, 2.3, 5.7, 10.4, 0.47, 0.24),
    (407, 2.5, 6.0, 10.1, 0.56, 0.22), (109, 1.1, 1.8, 6.0, 0.39, 0.08), (26, 1.6, 2.1, 3.8, 0.08, 0.15),
    (73, 1.7, 2.6, 4.6, 0.18, 0.15), (26, 1.6, 3.0, 5.6, 0.23, 0.08), (391, 1.2, 2.5, 5.8, 0.25, 0.13),
    (47, 0.7, 0.9, 1.3, 0.06, 0.00), (946, 1.6, 2.9, 5.3, 0.25, 0.14), (136, 1.2, 1.8, 4.8, 0.20, 0.09),
    (879, 5.6, 9.3, 11.5, 0.66, 0.33), (191, 3.0, 5.3, 8.2, 0.42, 0.21), (250, 2.0, 3.9, 6.5, 0.28, 0.14),
    (915, 4.3, 8.4, 10.9, 0.54, 0.29), (217, 7.6, 10.7, 12.4, 0.81, 0.30), (122, 1.3, 2.0, 3.1, 0.28, 0.02),
    (111, 1.1, 1.7, 3.0, 0.40, 0.05), (110, 3.2, 6.2, 11.5, 0.47, 0.25), (254, 1.3, 1.6, 2.8, 0.14, 0.05),
    (314, 1.0, 1.6, 2.4, 0.16, 0.06), (73, 1.2, 2.6, 5.2, 0.23, 0.07), (44, 1.3, 2.4, 5.7, 0.23, 0.23),
    (20, 1.4, 2.0, 5.0, 0.30, 0.15), (22, 1.3, 2.2, 2.9, 0.14, 0.00), (17, 2.0, 5.5, 9.5, 0.41, 0.35),
    (3, 1.9, 3.1, 4.2, 0.15, 0.08), (109, 3.2, 7.6, 12.0, 0.64, 0.20), (50, 1.2, 2.5, 4.3, 0.18, 0.10),
    (24, 2.7, 4.1, 5.3, 0.12, 0.17), (26, 1.5, 2.9, 3.5, 0.12, 0.04), (51, 1.4, 2.2, 4.1, 0.20, 0.10),
    (24, 1.6, 2.8, 4.7, 0.29, 0.00), (73, 1.3, 2.4, 4.6, 0.19, 0.11), (38, 2.1, 3.0, 4.5, 0.26, 0.11),
    (1, 2.0, 2.7, 3.6, 0.15, 0.08), (10, 1.7, 2.2, 3.9, 0.10, 0.10), (34, 0.8, 1.2, 1.6, 0.15, 0.06),
    (284, 0.7, 1.3, 2.2, 0.08, 0.06), (743, 2.1, 4.0, 7.9, 0.29, 0.15), (111, 3.3, 5.3, 7.7, 0.39, 0.26),
    (8, 2.7, 3.3, 4.3, 0.12, 0.12),
])  # fmt: skip

INSTANCES = _ACTIONS[:, 0]
"""Number of instances of each fine label, shape (52,)."""
INSTANCES.flags.writeable = False


def draw_duration(rng: np.random.Generator) -> float:
    """Draw the duration of a video in seconds."""
    return float(np.interp(rng.random(), *_VIDEO_QUANTILES))


def draw_num_actions(duration: float, rng: np.random.Generator) -> int:
    """Draw the number of actions of a video, 2 to 8.

    Args:
        duration (float): Duration of the video in seconds.
        rng (np.random.Generator): Random number generator.

    Returns:
        int: Number of actions.
    """
    shares = np.array(_NUM_ACTIONS[duration > 10])
    return 2 + int(rng.choice(len(shares), p=shares / shares.sum()))


def draw_action_seconds(label: int, rng: np.random.Generator) -> float:
    """Draw the visible duration of an action in seconds.

    Args:
        label (int): Fine label.
        rng (np.random.Generator): Random number generator.

    Returns:
        float: Duration, interpolated between the quartiles of the label on a logarithmic scale.
    """
    low, median, high = _ACTIONS[label, 1:4]
    stops = max(0.6 * low, MIN_SECONDS), low, median, high, min(2.5 * high, SECONDS[1])
    return float(np.exp(np.interp(rng.random(), np.linspace(0, 1, 5), np.log(stops))))


def draw_cuts(label: int, rng: np.random.Generator) -> tuple[bool, bool]:
    """Draw whether an action begins before the video, and whether it ends after it.

    Args:
        label (int): Fine label.
        rng (np.random.Generator): Random number generator.

    Returns:
        tuple[bool, bool]: Whether the start and the end are cut off.
    """
    before, after = rng.random(2) < _ACTIONS[label, 4:]
    return bool(before), bool(after)
