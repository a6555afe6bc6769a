import numpy as np
import pytest

from mmaction_microaction.label_sets import MA52
from mmaction_microaction.synthetic.clip import make_clip
from mmaction_microaction.synthetic.person.geometry import two_bone_ik
from mmaction_microaction.synthetic.person.motions import (
    KEPT_POSES,
    draw_kept_poses,
    keep_pose,
    perform,
    start_posture,
)
from mmaction_microaction.synthetic.person.places import make_contact
from mmaction_microaction.synthetic.person.posture import draw_posture, sit
from mmaction_microaction.synthetic.person.skeleton import Proportions, Reach, solve

PERSON = Proportions()
LABELS = {action.name: action.index for action in MA52.actions}
PAIRS = (*MA52.reversed_pairs, (LABELS['bowing head'], LABELS['head up']))
TOUCHING = [a.index for a in MA52.actions if a.group in ('body-hand', 'head-hand', 'leg-hand')]


def draw_start(label, seed):
    """Return the posture in which an action begins."""
    return start_posture(label, draw_posture(np.random.default_rng(seed)))


def perform_alone(label, seed, num_frames=60):
    """Return the controls and skeletons of a motion without breathing, sway and fidgeting."""
    controls = sit(draw_start(label, seed), PERSON, num_frames)
    perform(label, controls, PERSON, np.random.default_rng([seed, 1]))
    return controls, solve(controls, PERSON)


def largest_distance(skeleton, joint):
    """Return the largest distance of a joint from its first position in metres."""
    track = skeleton.joints[joint]
    return np.abs(track - track[:1]).max()


@pytest.mark.parametrize('label', range(52))
def test_every_action_moves_and_begins_at_rest(label):
    for seed in range(3):
        controls, skeleton = perform_alone(label, seed)
        # The motion does not begin in the first three frames.
        for track in (*skeleton.joints.values(), controls.fingers):
            assert np.abs(track[:3] - track[:1]).max() < 5e-3
        change = max(np.ptp(track, axis=0).max() for track in skeleton.joints.values())
        bend = np.ptp(controls.fingers, axis=0).max()
        turn = np.ptp(controls.head, axis=0).max()
        assert change > 0.025 or bend > 0.3 or turn > 0.2


@pytest.mark.parametrize('label', range(52))
def test_moved_hands_are_the_hands_whose_reaches_changed(label):
    """The reaches are compared by value with those of a person who sits still."""
    for seed in range(6):
        posture = draw_start(label, seed)
        rest, controls = sit(posture, PERSON, 40), sit(posture, PERSON, 40)
        _, moved_hands = perform(label, controls, PERSON, np.random.default_rng([seed, 1]))
        assert moved_hands == {side for side in range(2) if list_reaches(controls, side) != list_reaches(rest, side)}


def list_reaches(controls, side):
    """Return the reaches of a hand as plain values."""
    return [
        (reach.contact.part, reach.contact.point.tolist(), reach.weight.tolist(), np.asarray(reach.offset).tolist())
        for reach in controls.hands[side]
    ]


@pytest.mark.parametrize('label', TOUCHING)
def test_hands_reach_the_touched_body_part(label):
    for seed in range(8):
        clip = make_clip(label, subject_id=seed, size=(64, 76), seed=11, index=seed)
        skeleton = solve(clip.controls, clip.subject.proportions)
        for side, reaches in enumerate(clip.controls.hands):
            arrived = reaches[-1].weight > 0.98
            missed = np.sqrt(((skeleton.wanted - skeleton.touched)[:, side] ** 2).sum(-1))
            assert missed[arrived].max(initial=0.0) < 0.015


def test_each_hand_can_touch_the_other_arm_in_one_video():
    """The right hand touches the left arm, and then the left hand the right arm."""
    num_frames, place = 60, 'other forearm'
    controls = sit(draw_posture(np.random.default_rng(0)), PERSON, num_frames)
    for side, frames in ((0, slice(10, 25)), (1, slice(35, 50))):
        weight = np.zeros(num_frames)
        weight[frames] = 1
        controls.hands[side].append(Reach(make_contact(place, side, PERSON), weight))
    skeleton = solve(controls, PERSON)
    for side, t in ((0, 20), (1, 40)):
        origin, turn = (value[t] for value in skeleton.part_frames[f'forearm{1 - side}'])
        expected = origin + turn @ make_contact(place, side, PERSON).point
        np.testing.assert_allclose(skeleton.touched[t, side], expected, atol=1e-9)


@pytest.mark.parametrize(
    ('action', 'part', 'place'),
    [
        ('touching nose', 'head', (0.0, -0.03, 0.11)),
        ('touching ears', 'head', (0.08, -0.01, 0.0)),
        ('scratching or touching forehead', 'head', (0.0, 0.07, 0.085)),
        ('scratching or touching hindbrain', 'head', (0.03, 0.0, -0.1)),
        ('scratching or touching chest', 'chest', (0.0, -0.15, 0.11)),
        ('scratching or touching neck', 'chest', (0.05, 0.03, 0.0)),
        ('arms akimbo', 'pelvis', (0.17, 0.14, 0.0)),
    ],
)
def test_fingertips_reach_the_place_in_the_name_of_the_action(action, part, place):
    skeleton = perform_alone(LABELS[action], 4)[1]
    origin, turn = skeleton.part_frames[part]
    local = np.einsum('tji,tsj->tsi', turn, skeleton.touched - origin[:, None])
    place = np.array([[-place[0], *place[1:]], place])
    nearest = np.sqrt(((local - place) ** 2).sum(-1)).min()
    assert nearest < 0.05


@pytest.mark.parametrize('pair', PAIRS)
def test_reversed_pairs_begin_in_one_posture(pair):
    for seed in range(5):
        one, other = (perform_alone(label, seed)[1] for label in pair)
        for joint, track in one.joints.items():
            np.testing.assert_array_equal(track[0], other.joints[joint][0])


@pytest.mark.parametrize('pair', PAIRS)
def test_reversed_pairs_begin_at_the_same_time(pair):
    """The time of the motion does not tell the two actions apart."""
    for seed in range(5):
        begins = []
        for label in pair:
            controls, skeleton = perform_alone(label, seed)
            tracks = [*skeleton.joints.values(), controls.head]
            moved = np.array([np.abs(track - track[:1]).reshape(60, -1).max(1) for track in tracks]).max(0)
            begins.append(np.flatnonzero(moved > 1e-9)[0])
        assert begins[0] == begins[1]


@pytest.mark.parametrize(('forward', 'backward'), PAIRS)
def test_reversed_pairs_move_in_opposite_directions(forward, backward):
    def change(label, seed):
        controls, skeleton = perform_alone(label, seed)
        # An arm is stretched by raising it or by extending it forward or sideways.
        x, y, z = np.moveaxis(skeleton.joints['wrists'] - skeleton.joints['neck'][:, None], -1, 0)
        hands = (np.hypot(x, z) + y).sum(-1)
        knees = skeleton.joints['knees'][:, 1, 0] - skeleton.joints['knees'][:, 0, 0]
        measure = {
            'stretching arms': hands,
            'stretching feet': skeleton.joints['balls'][..., 2].sum(-1),
            'spread legs': knees,
            'bowing head': controls.head[:, 1],
        }[MA52.actions[forward].name]
        return measure[-1] - measure[0]

    for seed in range(12):
        assert change(forward, seed) > 0
        assert change(backward, seed) < 0


def test_kept_poses_do_not_move():
    for _, names in KEPT_POSES.values():
        for name in names:
            controls = sit(draw_posture(np.random.default_rng(3)), PERSON, 20)
            rest = solve(controls, PERSON)
            keep_pose(name, controls, PERSON, np.random.default_rng(4))
            skeleton = solve(controls, PERSON)
            assert max(np.ptp(track, axis=0).max() for track in skeleton.joints.values()) < 1e-12
            change = [abs(skeleton.joints[joint] - rest.joints[joint]).max() for joint in rest.joints]
            turn = abs(skeleton.part_frames['head'][1] - rest.part_frames['head'][1]).max()
            assert max(*change, turn) > 0.05


def test_kept_pose_is_the_pose_in_which_the_action_ends():
    """A hand that rests at the nose is where the motion "touching nose" ends."""
    for seed in range(10):
        skeleton = perform_alone(LABELS['touching nose'], seed)[1]
        controls = sit(draw_start(LABELS['touching nose'], seed), PERSON, 60)
        _, (hand,) = keep_pose('touching nose', controls, PERSON, np.random.default_rng(seed))
        origin, turn = (value[0] for value in solve(controls, PERSON).part_frames['head'])
        local = turn.T @ (solve(controls, PERSON).touched[0, hand] - origin)
        assert np.abs(local - [0.0, -0.03, 0.107]).max() < 0.03
        origin, turn = skeleton.part_frames['head']
        moved = np.einsum('tji,tsj->tsi', turn, skeleton.touched - origin[:, None])
        assert np.abs(moved - local * [1, 1, 1]).max(-1).min() < 0.03


def test_every_pose_is_kept_in_clips_of_other_actions():
    """One frame shows a pose in about as many clips of other actions as in clips of its own action."""
    rng = np.random.default_rng(0)
    drawn = [(label, draw_kept_poses(label, rng)) for label in np.tile(range(52), 200)]
    for _, names in KEPT_POSES.values():
        for name in names:
            labels = {label for label, kept in drawn if name in kept}
            assert LABELS[name] not in labels
            assert len(labels) >= 41  # Legs keep no pose in the 11 actions that move them.
            assert sum(name in kept for _, kept in drawn) > 0.7 * 200


def test_kept_poses_of_reversed_pairs_are_equal():
    for pair in PAIRS:
        for seed in range(50):
            one, other = (draw_kept_poses(label, np.random.default_rng(seed)) for label in pair)
            assert one == other


@pytest.mark.parametrize('label', [LABELS['touching nose'], LABELS['waving'], LABELS['clenching fist']])
def test_the_idle_hand_acts(label):
    for seed in range(10):
        busy = seed % 2
        controls = sit(draw_start(label, seed), PERSON, 40)
        _, hands = perform(label, controls, PERSON, np.random.default_rng(seed), busy_hands=frozenset({busy}))
        assert hands == {1 - busy}


def test_feet_stay_above_the_floor():
    for label in range(52):
        skeleton = perform_alone(label, 2)[1]
        assert skeleton.joints['balls'][..., 1].min() > 0.02


def test_repeated_and_single_movements_differ_in_how_often_they_turn():
    def turns(label, axis, seed):
        speed = np.diff(perform_alone(label, seed, 90)[0].head[:, axis])
        speed = speed[np.abs(speed) > 1e-4]
        return (np.diff(np.sign(speed)) != 0).sum()

    for seed in range(10):
        assert turns(LABELS['nodding'], 1, seed) >= 3
        assert turns(LABELS['bowing head'], 1, seed) == 0
        assert turns(LABELS['shaking head'], 0, seed) >= 3
        assert turns(LABELS['turning head'], 0, seed) <= 1


def test_inverse_kinematics_keeps_the_bones_and_reaches_the_target():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(50, 3))
    direction = rng.normal(size=(50, 3))
    target = root + direction / np.linalg.norm(direction, axis=1, keepdims=True) * rng.uniform(0.1, 0.5, (50, 1))
    middle, end = two_bone_ik(root, target, rng.normal(size=(50, 3)), 0.3, 0.25)
    np.testing.assert_allclose(end, target, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(middle - root, axis=1), 0.3)
    np.testing.assert_allclose(np.linalg.norm(end - middle, axis=1), 0.25)
