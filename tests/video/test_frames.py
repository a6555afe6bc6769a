import gc
from fractions import Fraction
from io import BytesIO

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from helpers.odd_videos import grey, write_frames
from PIL import Image

from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.make_frame_store import extract_frames
from mmaction_microaction.faces.extraction import FaceSettings, track_face
from mmaction_microaction.video.frames import MAX_PIXELS
from mmaction_microaction.video.reader import Video
from mmaction_microaction.video.sparse_decoding import decode, open_video

ORIENTATIONS = {  # a, b, c, d of the matrix in the header of the track, and the image that players show
    'as stored': ((1, 0, 0, 1), lambda image: image),
    'quarter turn clockwise': ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
    'half turn': ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
    'quarter turn counterclockwise': ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
    'left to right': ((-1, 0, 0, 1), np.fliplr),
    'top to bottom': ((1, 0, 0, -1), np.flipud),
    'main diagonal': ((0, 1, 1, 0), lambda image: image.swapaxes(0, 1)),
    'other diagonal': ((0, -1, -1, 0), lambda image: np.rot90(image, 2).swapaxes(0, 1)),
}

EXIF = (
    'as stored', 'left to right', 'half turn', 'top to bottom', 'main diagonal', 'quarter turn clockwise',
    'other diagonal', 'quarter turn counterclockwise',
)  # fmt: skip
"""Orientations 1 to 8 of Exif."""


def set_matrix(source, target, matrix):
    content = bytearray(source.read_bytes())
    start = content.index(b'tkhd') + 44
    numbers = np.array([[65536, 0, 0], [0, 65536, 0], [0, 0, 1 << 30]], '>i4')
    assert content[start : start + 36] == numbers.tobytes()
    numbers[:2, :2] = 65536 * np.reshape(matrix, (2, 2))
    content[start : start + 36] = numbers.tobytes()
    target.write_bytes(content)


@pytest.fixture(scope='module')
def upright(tmp_path_factory):
    """Write a video of 64 x 48 pixels whose corners are red, green, blue and black."""
    path = tmp_path_factory.mktemp('videos') / 'upright.mp4'
    image = np.full((48, 64, 3), 128, np.uint8)
    image[:16, :16], image[:16, -16:], image[-16:, :16], image[-16:, -16:] = [*np.diag([250, 250, 250]), 0]
    write_frames(path, [image] * 3, options={'crf': '5', 'bf': '0'})
    return path


@pytest.mark.parametrize('name', ORIENTATIONS)
def test_all_orientations_match_those_of_players(upright, tmp_path, name):
    plain = next(Video(upright).frames()).to_rgb()
    assert plain[8, 8].argmax() == 0
    assert plain[8, -8].argmax() == 1
    assert plain[-8, 8].argmax() == 2
    matrix, expected = ORIENTATIONS[name]
    path = tmp_path / 'turned.mp4'
    set_matrix(upright, path, matrix)
    np.testing.assert_array_equal(next(Video(path).frames()).to_rgb(), expected(plain))
    np.testing.assert_array_equal(dict(decode(open_video(path), [1]))[1], expected(plain))
    # Frame stores and face tracks are made from videos before training.
    _, [jpeg, *_], error, _ = extract_frames(tmp_path, FrameSettings(256, 95), 'turned.mp4')
    assert not error
    stored = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)
    assert np.abs(stored - expected(plain)).mean() < 5
    seen = []
    track_face(path, FaceSettings(), lambda image: seen.append(image) or np.empty((0, 4)))
    np.testing.assert_array_equal(seen[0], expected(plain))


@pytest.mark.parametrize(('orientation', 'name'), list(enumerate(EXIF, start=1)))
def test_orientations_in_the_jpegs_of_cameras_are_followed(tmp_path, orientation, name):
    image = np.full((48, 64, 3), 128, np.uint8)
    image[:16, :16], image[:16, -16:], image[-16:, :16] = np.diag([250, 250, 250])
    exif = Image.Exif()
    exif[0x112] = orientation
    jpeg = BytesIO()
    Image.fromarray(image).save(jpeg, 'jpeg', quality=98, exif=exif)
    write_jpegs(tmp_path / 'a.avi', [jpeg.getvalue()] * 2, (64, 48))
    expected = ORIENTATIONS[name][1](image).astype(int)
    for found in (
        next(Video(tmp_path / 'a.avi').frames()).to_rgb(),
        dict(decode(open_video(tmp_path / 'a.avi'), [1]))[1],
    ):
        assert np.abs(found - expected).mean() < 5


def test_pixels_that_are_not_square_are_made_square(tmp_path):
    # As on a DVD, 64 x 48 pixels contain a 16:9 image. A circle must remain a circle.
    canvas = cv2.circle(np.full((48, 85, 3), 60, np.uint8), (42, 24), 20, (230, 230, 230), -1)
    stored = cv2.resize(canvas, (64, 48), interpolation=cv2.INTER_AREA)

    def squeeze(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    for name in ('wide.mp4', 'wide.mkv'):
        write_frames(tmp_path / name, [stored] * 3, options={'crf': '5'}, change=squeeze)
        for image in (
            next(Video(tmp_path / name).frames()).to_rgb(),
            dict(decode(open_video(tmp_path / name), [0]))[0],
        ):
            assert image.shape == (48, 85, 3)
            bright = image[..., 1] > 145
            assert bright.any(0).sum() == pytest.approx(41, abs=2)
            assert bright.any(1).sum() == pytest.approx(41, abs=2)


def write_jpegs(path, jpegs, size):
    """Write JPEG files as MJPEG. The size in the header may differ from theirs."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mjpeg', rate=25)
        (stream.width, stream.height), stream.pix_fmt = size, 'yuvj420p'
        for index, jpeg in enumerate(jpegs):
            packet = av.Packet(jpeg)
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, index, index, Fraction(1, 25)
            container.mux(packet)


def write_two_sizes(path, first, second):
    """Write three images of one size and then three of another size."""
    jpegs = [cv2.imencode('.jpg', image[..., ::-1])[1].tobytes() for image in (first, second)]
    write_jpegs(path, [jpegs[0]] * 3 + [jpegs[1]] * 3, first.shape[1::-1])


@pytest.mark.filterwarnings('error', 'ignore::ResourceWarning')
def test_frames_of_a_changed_resolution_are_scaled_to_the_first(tmp_path):
    # Recordings of calls over a slow connection change their resolution.
    large = np.full((96, 128, 3), 60, np.uint8)
    large[:, 64:] = 200
    write_two_sizes(tmp_path / 'call.avi', large, cv2.resize(large, (64, 48)))
    images = [frame.to_rgb() for frame in Video(tmp_path / 'call.avi').frames()]
    images += [image for _, image in decode(open_video(tmp_path / 'call.avi'), range(6))]
    assert len(images) == 12
    for image in images:
        assert image.shape == (96, 128, 3)
        assert image[:, :60].mean() == pytest.approx(60, abs=3)
        assert image[:, 68:].mean() == pytest.approx(200, abs=3)


def test_frames_of_another_aspect_ratio_get_bars_and_a_warning(tmp_path):
    write_two_sizes(tmp_path / 'turned.avi', *(np.full((*size, 3), 200, np.uint8) for size in ((96, 128), (96, 72))))
    with pytest.warns(UserWarning, match=r'turned\.avi: .* from 128 x 96 to 72 x 96'):
        images = [frame.to_rgb() for frame in Video(tmp_path / 'turned.avi').frames()]
    assert images[0].min() > 190
    assert images[5].shape == (96, 128, 3)
    assert images[5][:, :27].max() < 10
    assert images[5][:, 30:98].min() > 190
    assert images[5][:, 101:].max() < 10


def pq(light):
    """Return the inverse EOTF of SMPTE ST 2084, from cd/m² to a signal from 0 to 1."""
    power = (light / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(light):
    """Return the HLG signal of BT.2100 for a grey light of a display of 1,000 cd/m²."""
    scene = (light / 1000) ** (1 / 1.2)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


@pytest.mark.parametrize(('curve', 'transfer'), [(pq, 'smpte2084'), (hlg, 'arib-std-b67')])
def test_hdr_video_has_the_colours_of_its_sdr_version(tmp_path, curve, transfer):
    # Grey levels on a standard display, whose white has 203 cd/m², and the same light in HDR.
    standard = np.tile(np.linspace(0, 220, 256), (64, 1))
    signal = curve(203 * (standard / 255) ** 2.4)
    frame = av.VideoFrame.from_ndarray(np.uint16(np.round(np.stack([signal] * 3, -1) * 65535)), format='rgb48le')
    parameters = f'log-level=none:crf=5:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc'
    path = tmp_path / 'phone.mp4'
    write_frames(
        path, [frame.reformat(format='yuv420p10le')] * 3, 'libx265', 'yuv420p10le', options={'x265-params': parameters}
    )
    for image in (next(Video(path).frames()).to_rgb(), dict(decode(open_video(path), [1]))[1]):
        np.testing.assert_allclose(image, np.stack([standard] * 3, -1), atol=4)


def test_hdr_highlights_and_colours_are_preserved(tmp_path):
    light = np.array([[203, 203, 203], [500, 500, 500], [1000, 1000, 1000], [150, 20, 20]])
    image = np.repeat(np.repeat(pq(light)[None], 64, 1), 64, 0)
    frame = av.VideoFrame.from_ndarray(np.uint16(np.round(image * 65535)), format='rgb48le')
    parameters = 'log-level=none:crf=5:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc'
    write_frames(
        tmp_path / 'a.mp4', [frame.reformat(format='yuv420p10le')] * 3, 'libx265', 'yuv420p10le',
        options={'x265-params': parameters},
    )  # fmt: skip
    image = next(Video(tmp_path / 'a.mp4').frames()).to_rgb()
    white, bright, brightest, red = (image[32, column].astype(int) for column in (32, 96, 160, 224))
    assert 235 < white.min() < bright.min() - 3
    assert bright.min() < brightest.min()
    assert red[0] > red[1:].max() + 60


def test_interlaced_motion_has_no_combing(tmp_path):
    # A white square moves 8 pixels between the two fields of a frame, as at 50 fields per second.
    first, second = (np.full((96, 128, 3), 40, np.uint8) for _ in range(2))
    first[32:64, 32:64], second[32:64, 40:72] = 220, 220
    woven = first.copy()
    woven[1::2] = second[1::2]

    options = {'flags': '+ildct+ilme', 'x264-params': 'tff=1', 'crf': '5'}
    path = tmp_path / 'camcorder.mkv'
    frame = av.VideoFrame.from_ndarray(woven, format='rgb24').reformat(
        format='yuv444p', interpolation=Interpolation.POINT
    )
    write_frames(path, [frame] * 3, pixels='yuv444p', options=options)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    for image in (next(Video(path).frames()).to_rgb(), dict(decode(open_video(path), [1]))[1]):
        assert image.shape == (96, 128, 3)
        differs = np.abs(image.astype(int) - first).max(2) > 30
        assert differs[:, 66:].sum() == 0
        assert differs.sum() <= 2 * 2 * 40  # the top and bottom edges


@pytest.mark.parametrize(
    ('codec', 'pixels', 'name'),
    [
        ('ffv1', 'gray', 'a.mkv'),
        ('ffv1', 'gray10le', 'a.mkv'),
        ('ffv1', 'yuva420p', 'a.mkv'),
        ('ffv1', 'bgra', 'a.mkv'),
        ('ffv1', 'yuv420p10le', 'a.mkv'),
        ('ffv1', 'yuv411p', 'a.mkv'),
        ('png', 'rgb48be', 'a.mov'),
        ('libx264', 'yuv422p10le', 'a.mp4'),
        ('mjpeg', 'yuvj444p', 'a.avi'),
        ('qtrle', 'argb', 'a.mov'),
    ],
)
def test_all_pixel_formats_are_converted_to_rgb(tmp_path, codec, pixels, name):
    write_frames(tmp_path / name, grey([30, 120, 210], (64, 48)), codec, pixels)
    for images in (
        [frame.to_rgb() for frame in Video(tmp_path / name).frames()],
        [image for _, image in decode(open_video(tmp_path / name), range(3))],
    ):
        assert [image.shape for image in images] == [(48, 64, 3)] * 3
        assert [image.mean() for image in images] == pytest.approx([30, 120, 210], abs=3)


def test_too_large_frames_are_rejected_before_decoding(tmp_path):
    assert 7680 * 4320 < 8192 * 4320 < MAX_PIXELS < 8000 * 8000
    image = np.zeros((6400, 6400, 3), np.uint8)
    write_two_sizes(tmp_path / 'huge.avi', image, image)
    # FFmpeg itself rejects the JPEGs as too large, and then reports no size. It reports the size of H.264.
    write_frames(tmp_path / 'huge.mp4', [image], options={'preset': 'ultrafast'})
    for name, size in (('huge.avi', 'too many'), ('huge.mp4', '6,400 x 6,400')):
        for open_ in (Video, open_video):
            with pytest.raises(ValueError, match=f'{name} .*{size} pixels; .* 40 million'):
                open_(str(tmp_path / name))


def test_frames_larger_than_the_header_says_are_not_decoded(tmp_path):
    small, large = np.zeros((48, 64, 3), np.uint8), np.zeros((6400, 6400, 3), np.uint8)
    write_two_sizes(tmp_path / 'grows.avi', small, large)
    assert [frame.index for frame in Video(tmp_path / 'grows.avi').frames()] == [0, 1, 2]
    with pytest.raises(ValueError, match=r'grows\.avi.* cannot be decoded'):
        list(decode(open_video(tmp_path / 'grows.avi'), [5]))


def test_frames_are_freed_after_use(tmp_path):
    """Objects that await garbage collection occupy memory, and a forked worker would wait for their threads."""

    def list_frames():
        return [thing for thing in gc.get_objects() if isinstance(thing, av.VideoFrame)]

    write_frames(tmp_path / 'a.mp4', [np.zeros((64, 64, 3), np.uint8)] * 4)
    gc.collect()
    gc.disable()
    try:
        before = {id(frame) for frame in list_frames()}  # of other tests
        for frame in Video(tmp_path / 'a.mp4').frames():
            frame.to_rgb()
        del frame
        left = [frame for frame in list_frames() if id(frame) not in before]
    finally:
        gc.enable()
    assert left == []
