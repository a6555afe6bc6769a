from dataclasses import replace

import numpy as np
import pytest

from mmaction_microaction.synthetic.render.furniture import SEATS, draw_object
from mmaction_microaction.synthetic.render.room import render_room
from mmaction_microaction.synthetic.render.variety import VARIETIES

PLAIN = {'shade': (0.0, 0.0), 'texture': 0.0, 'objects': [], 'socket': None, 'tiles': None, 'shadow': 0.0}
PLAIN |= {'wall': (200, 200, 200), 'floor': (120, 120, 120), 'stool': (220, 20, 20), 'depth': 0.6, 'skirting': 1.0}


@pytest.fixture
def render(make_plain_clip):
    """Return a function that renders a plain grey room with changes, without the person, and the camera."""
    clip = make_plain_clip()

    def render(**changes):
        room = replace(clip.room, patchwork=False, **{**PLAIN, **changes})
        scale = clip.subject.proportions.scale
        image = render_room(room, clip.camera, (288, 344), 0, scale, clip.skeleton, (0.3, -0.6))
        return image.astype(np.int64), lambda points: clip.camera.project(np.array(points, float), (288, 344))[0]

    return render


@pytest.mark.parametrize('seat', SEATS)
def test_chairs_have_backs_and_stools_have_none(seat, render):
    image, project = render(seat=seat)
    rows, columns = np.nonzero(image[..., 0] > 1.5 * image[..., 1] + 10)
    assert len(rows) > 500
    _, top = project([0.0, 0.55, 0.0])
    assert ((rows < top).sum() > 200) == ('chair' in seat)
    middle = project([0.0, 0.3, 0.0])[0]
    assert abs(columns.mean() - middle) < 12


def test_shadow_darkens_wall_and_floor_softly(render, make_plain_clip):
    bright, project = render(seat='stool')
    dark, _ = render(seat='stool', shadow=0.4)
    loss = (bright - dark)[..., 1]
    assert loss.min() >= 0
    head = make_plain_clip().skeleton.joints['head'][0]
    x, y = project([head[0] - 0.1, head[1], -0.6]).astype(int)
    assert loss[y - 3 : y + 4, x - 3 : x + 4].mean() > 15
    assert loss[:8].max() == 0
    assert loss[:, :4].max() < 10
    # No pixel of the wall is much darker than its neighbour.
    assert np.abs(np.diff(loss[:120], axis=1)).max() <= 8


def test_objects_change_the_room_behind_the_person(render):
    empty, _ = render()
    changed = []
    for seed in range(30):
        item = draw_object(np.random.default_rng(seed))
        changed.append((np.abs(render(objects=[item])[0] - empty).max(-1) > 5).mean())
    assert np.median(changed) > 0.02
    assert max(changed) < 0.6


def test_texture_varies_the_brightness_around_its_mean(render):
    wall = render(texture=0.1)[0][:100, :, 0]
    assert 0.005 < wall.std() / wall.mean() < 0.05
    assert abs(wall.mean() - 200) < 8


def test_patchwork_replaces_the_room_and_keeps_the_seat(make_plain_clip):
    clip = make_plain_clip()
    rooms = [replace(clip.room, **PLAIN, seat='box', patchwork=patchwork) for patchwork in (False, True)]
    images = [render_room(room, clip.camera, (288, 344), 0, 1.0, clip.skeleton, (0.3, -0.6)) for room in rooms]
    same = (images[0] == images[1]).all(-1)
    x, y = clip.camera.project(np.array([0.0, 0.3, 0.17]), (288, 344))[0].astype(int)
    assert same[y, x]
    assert same.mean() < 0.2


def test_only_high_variety_has_patchwork():
    assert [variety.patchwork > 0 for variety in VARIETIES.values()] == [False, True]
