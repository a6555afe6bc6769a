"""A clip in which one person performs one micro-action."""

from dataclasses import dataclass

import numpy as np

from mmaction_microaction.label_sets import MA52_REST
from mmaction_microaction.synthetic.person.motions import draw_kept_poses, keep_pose, perform, start_posture
from mmaction_microaction.synthetic.person.posture import draw_posture, sit
from mmaction_microaction.synthetic.render.nuisances import add_idle_motion, draw_camera, draw_nuisances
from mmaction_microaction.synthetic.render.room import draw_room

from .scene import Scene, equip, make_generator, make_subject

FPS = 30
REST_LABEL = len(MA52_REST) - 1
"""Label of clips of people at rest in the label set :data:`.MA52_REST`."""
SECONDS = (1.0, 7.0)
"""Duration of the shortest and the longest clip in seconds. The mean is near 1.9, as in MA-52."""

# Streams of random numbers of a clip.
_SCENE, _MOTION, _LIFE = range(3)
_KEPT, _BELONGINGS = 4, 5


@dataclass(kw_only=True)
class RenderedClip(Scene):
    """A clip with one micro-action, or of a person at rest. The face is at rest."""

    label: int
    """Fine label, 0 to 51, or 52 of a person at rest."""
    motion: dict[str, object]
    """Parameters of the motion, by name. Empty at rest."""
    kept: dict[str, dict[str, object]]
    """Poses that are kept through the clip: the action that ends in each, and its parameters."""
    fps: int = FPS
    """Frames per second."""

    def parameters(self) -> dict[str, object]:
        """Return every parameter, ready for JSON."""
        plain = {name: getattr(self, name) for name in ('label', 'subject_id', 'num_frames', 'key', 'motion', 'kept')}
        return {**plain, **self._describe()}


def draw_seconds(rng: np.random.Generator) -> float:
    """Draw the duration of a clip in seconds."""
    return float(np.clip(np.exp(rng.normal(0.53, 0.40)), *SECONDS))


def make_clip(
    label: int,
    subject_id: int,
    size: tuple[int, int],
    seed: int,
    split: int = 0,
    index: int = 0,
    scene_of: int | None = None,
    variety: str = 'normal',
) -> RenderedClip:
    """Draw the parameters of a clip.

    Args:
        label (int): Fine label, 0 to 51, or 52 for a person at rest.
        subject_id (int): Index of the subject.
        size (tuple[int, int]): Width and height of the video in pixels.
        seed (int): Seed of the dataset.
        split (int): Index of the split: 0 train, 1 val, 2 test. Defaults to 0.
        index (int): Index of the clip in its split. Defaults to 0.
        scene_of (int, optional): Index of the clip whose posture, camera, room and belongings are used. Defaults to
            None: the clip's own.
        variety (str): How much camera, light and room vary: ``'normal'`` (default) or ``'high'``.

    Returns:
        RenderedClip: Clip whose frames depend on the arguments alone.
    """
    key = (seed, split, index)
    scene = make_generator(*key, _SCENE)
    num_frames = round(draw_seconds(scene) * FPS)
    if scene_of is not None:
        scene = make_generator(seed, split, scene_of, _SCENE)
        draw_seconds(scene)  # of the other clip
    subject = make_subject(seed, subject_id)
    rests = label == REST_LABEL
    posture, camera = draw_posture(scene), draw_camera(scene, variety)
    if not rests:
        posture = start_posture(label, posture)
    room, nuisances = draw_room(scene, variety), draw_nuisances(scene, variety)
    controls = sit(posture, subject.proportions, num_frames)
    scene_key = (seed, split, index if scene_of is None else scene_of)
    rng = make_generator(*scene_key, _KEPT)
    kept, busy_hands = {}, set()
    for name in draw_kept_poses(None if rests else label, rng):
        kept[name], hands = keep_pose(name, controls, subject.proportions, rng)
        busy_hands |= hands
    motion, moved_hands = {}, set()
    if not rests:
        motion, moved_hands = perform(
            label, controls, subject.proportions, make_generator(*key, _MOTION), FPS, busy_hands=frozenset(busy_hands)
        )
    equip(nuisances, make_generator(*scene_key, _BELONGINGS), [motion], busy_hands, moved_hands)
    add_idle_motion(controls, nuisances, make_generator(*key, _LIFE), FPS)
    return RenderedClip(
        label=label,
        subject_id=subject_id,
        num_frames=num_frames,
        size=size,
        key=key,
        subject=subject,
        posture=posture,
        camera=camera,
        room=room,
        nuisances=nuisances,
        motion=motion,
        kept=kept,
        controls=controls,
    )
