import json

import numpy as np
import pytest
from mmaction.registry import TRANSFORMS
from mmengine.dataset import Compose


def sample(tmp_path, boxes, images, total=None, size=None):
    height, width = images[0].shape[:2]
    track = dict(detector='test', num_detected=0, boxes=boxes)
    track['width'], track['height'] = size or (width, height)
    (tmp_path / 'track.json').write_text(json.dumps(track))
    return dict(
        filename='video.mp4',
        imgs=images,
        frame_inds=np.arange(len(images)),
        total_frames=total or len(boxes),
        face_file=str(tmp_path / 'track.json'),
        img_shape=(height, width),
        modality='RGB',
    )


def crop(results, **kwargs):
    return TRANSFORMS.build(dict(type='CropFace', **kwargs))(results)


def ramp(width=60, height=40):
    """Return an image whose red channel is the column and whose green channel is the row."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y, 0 * x], axis=2).astype(np.uint8)


def test_crop_is_the_square_around_the_box(tmp_path):
    # The box has 10 x 8 pixels from column 20 and row 11. The square has columns 20 to 29 and rows 10 to 19.
    results = crop(sample(tmp_path, [[20, 11, 30, 19]], [ramp()]), size=10, margin=1)
    (face,) = results['face_imgs']
    np.testing.assert_array_equal(face, ramp()[10:20, 20:30])
    assert results['face_mask'].tolist() == [True]


def test_margin_and_size(tmp_path):
    (face,) = crop(sample(tmp_path, [[20, 10, 30, 20]], [ramp()]), size=40, margin=2)['face_imgs']
    assert face.shape == (40, 40, 3)
    # Columns 15 to 34 are each stretched to two columns.
    np.testing.assert_allclose(face[20, 1::8, 0], np.arange(15, 35, 4) + 0.25, atol=0.5)


def test_crop_moves_by_fractions_of_a_pixel(tmp_path):
    whole, half = (
        crop(sample(tmp_path, [[20 + x, 10, 30 + x, 20]], [2 * ramp()]), size=10, margin=1)['face_imgs'][0]
        for x in (0, 0.5)
    )
    np.testing.assert_array_equal(half[..., 0], whole[..., 0] + 1)


def test_crop_repeats_the_border_of_the_frame(tmp_path):
    (face,) = crop(sample(tmp_path, [[-5, 30, 15, 50]], [ramp()]), size=20, margin=1)['face_imgs']
    assert face[0, :, 0].tolist() == [0] * 5 + list(range(15))
    assert face[:, 19, 1].tolist() == [*range(30, 40)] + [39] * 10


def test_crop_uses_the_boxes_of_the_sampled_frames(tmp_path):
    boxes = [None, [0, 0, 10, 10], [30, 0, 40, 10], None]
    results = sample(tmp_path, boxes, [ramp()] * 3)
    results['frame_inds'] = np.array([2, 3, 1])
    results = crop(results, size=10, margin=1)
    assert results['face_mask'].tolist() == [True, False, True]
    assert [face[0, 0, 0] for face in results['face_imgs']] == [30, 0, 0]
    assert not results['face_imgs'][1].any()


def test_boxes_are_scaled_with_resized_frames(tmp_path):
    # The track belongs to a video of twice the size.
    (face,) = crop(sample(tmp_path, [[40, 20, 60, 40]], [ramp()], size=(120, 80)), size=10, margin=1)['face_imgs']
    np.testing.assert_array_equal(face, ramp()[10:20, 20:30])


def test_without_a_track_no_frame_has_a_face():
    results = crop(dict(imgs=[ramp()] * 2, frame_inds=np.arange(2), face_file=None), size=8)
    assert results['face_mask'].tolist() == [False, False]
    assert np.shape(results['face_imgs']) == (2, 8, 8, 3)


@pytest.mark.parametrize('change', [dict(total=300), dict(size=(60, 60))])
def test_refuses_the_track_of_another_video(tmp_path, change):
    with pytest.raises(ValueError, match=r'track\.json is the track of 2 frames .* video\.mp4 has .*microaction faces'):
        crop(sample(tmp_path, [[0, 0, 9, 9]] * 2, [ramp()] * 2, **change), size=8)


def test_frame_after_the_end_of_the_track_uses_the_last_box(tmp_path):
    results = crop(sample(tmp_path, [None, [0, 0, 9, 9]], [ramp()] * 3, total=3), size=8)
    assert results['face_mask'].tolist() == [False, True, True]


def test_error_of_missing_track_names_the_command(tmp_path):
    results = dict(imgs=[ramp()], frame_inds=np.arange(1), total_frames=1, face_file=str(tmp_path / 'no.json'))
    with pytest.raises(FileNotFoundError, match=r'no\.json: no such file; .*microaction faces'):
        crop(results, size=8)


@pytest.mark.parametrize('ratio', [0, 1])
def test_faces_are_rotated_like_the_frames(tmp_path, ratio):
    steps = [dict(type='CropFace', size=10, margin=1), dict(type='Flip', flip_ratio=ratio), dict(type='FormatFaces')]
    pipeline = Compose([TRANSFORMS.build(step) for step in steps])
    results = pipeline(sample(tmp_path, [[20, 10, 30, 20]], [ramp()]))
    assert results['face_imgs'].shape == (1, 3, 10, 10)
    columns = list(range(20, 30))
    assert results['face_imgs'][0, 0, 0].tolist() == (columns[::-1] if ratio else columns)
    assert results['imgs'][0][0, 20, 0] == (39 if ratio else 20)
