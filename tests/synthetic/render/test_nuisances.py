from dataclasses import replace

import numpy as np
import pytest

from mmaction_microaction.synthetic import make_clip
from mmaction_microaction.synthetic.render.nuisances import Sensor, draw_camera
from mmaction_microaction.synthetic.render.variety import get_variety

HEIGHT, WIDTH = 60, 50


@pytest.fixture
def record(make_plain_clip):
    """Return a function that records two images with changes of an ideal sensor."""

    def record(first, second=None, **changes):
        nuisances = replace(make_plain_clip().nuisances, **changes)
        sensor = Sensor(nuisances, (WIDTH, HEIGHT), 2, np.random.default_rng(0))
        frames = [sensor.record(image, t) for t, image in enumerate((first, first if second is None else second))]
        return frames[1].astype(int)

    return record


@pytest.fixture
def image():
    return np.random.default_rng(1).integers(20, 230, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def test_an_ideal_sensor_changes_nothing(record, image):
    np.testing.assert_array_equal(record(image), image)


def test_a_frame_contains_a_share_of_the_previous_one(record, image):
    frame = record(np.zeros_like(image), image, exposure=0.25)
    np.testing.assert_allclose(frame, 0.75 * image, atol=1)


def test_saturation_0_is_grey(record, image):
    frame = record(image, saturation=0.0)
    assert (np.ptp(frame, axis=-1) == 0).all()
    grey = image.astype(int) @ [1, 2, 1] // 4
    np.testing.assert_array_equal(frame[..., 0], grey)


def test_vignette_darkens_the_corners_only(record):
    frame = record(np.full((HEIGHT, WIDTH, 3), 200, np.uint8), vignette=0.4)
    assert abs(frame[HEIGHT // 2, WIDTH // 2] - 200).max() <= 2
    assert abs(frame[0, 0] - 120).max() <= 2


def test_gamma_changes_the_middle_tones_only(record):
    levels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    levels[:, 20:30], levels[:, 30:] = 64, 255
    frame = record(levels, gamma=1.5)
    assert [frame[30, x, 0] for x in (10, 25, 40)] == [0, round(255 * (64 / 255) ** 1.5), 255]


@pytest.mark.parametrize('sharpness', [-0.8, 0.8])
def test_sharpness_changes_the_contrast_of_details(sharpness, record, image):
    spread = record(image, sharpness=sharpness).std() / image.std()
    assert (spread < 0.9) if sharpness < 0 else (spread > 1.05)


def test_close_ups_cut_off_the_feet():
    """The floor below the feet is outside of the image in about a quarter of the clips of high variety."""
    feet = {}
    for variety in ('normal', 'high'):
        cameras = [draw_camera(np.random.default_rng(seed), variety) for seed in range(400)]
        y = np.array([camera.project(np.array([0.0, 0.0, 0.45]), (1000, 1200))[0][1] for camera in cameras])
        feet[variety] = (y > 1200).mean()
    assert feet['normal'] == 0
    assert 0.18 < feet['high'] < 0.32


@pytest.mark.parametrize('label', [0, 17, 43])
def test_appearance_of_high_variety_does_not_depend_on_the_label(label):
    clip, other = (make_clip(index, 3, (64, 76), 2, 0, 17, variety='high') for index in (label, 9))
    for name in ('camera', 'room', 'subject', 'posture'):
        assert getattr(clip, name) == getattr(other, name)
    first, second = (replace(c.nuisances, glasses=False, held=None) for c in (clip, other))
    assert first == second


def test_mask_hides_the_face_and_nothing_else(make_plain_clip, draw_first_frame):
    clip = make_plain_clip()
    visible = draw_first_frame(clip)
    clip.nuisances = replace(clip.nuisances, face_mask=((0, 0, 0),) * 4)
    rows, columns = np.nonzero(np.abs(draw_first_frame(clip) - visible).max(-1))
    x, y = clip.project(clip.skeleton.joints['head'][:, None])[0, 0]
    assert len(rows) > 60
    assert abs(rows.mean() - y) < 8
    assert abs(columns.mean() - x) < 8
    assert np.ptp(rows) < 40


def test_unknown_variety_is_an_error():
    with pytest.raises(ValueError, match="'wild': must be one of normal, high"):
        get_variety('wild')
