"""Unreadable clips are replaced and logged in training. In tests, they are named or scored as missing."""

import pytest
from helpers.unreadable_clips import BAD, DECODERS, GOOD, build

from mmaction_microaction.datasets.frame_store import FrameSettings
from mmaction_microaction.datasets.preparation.make_frame_store import make_frame_store


# MMAction2's OpenCVDecode shows an earlier frame instead of one that it cannot decode.
@pytest.mark.parametrize(
    ('decoder', 'name'),
    [(decoder, name) for decoder in DECODERS for name in BAD if (decoder, name) != ('OpenCV', 'cut.mp4')],
)
def test_unreadable_clips_are_replaced_in_training_and_named_in_tests(clip_folder, logged_warnings, decoder, name):
    dataset = build(clip_folder, [*GOOD, name], decoder, max_unreadable=0.25)
    for _ in range(2):
        assert dataset[3]['data_samples'].video_id in GOOD
    (message,) = logged_warnings
    assert message.startswith(f'{clip_folder / name} cannot be read (')
    assert message.endswith('; another clip replaces it.')
    dataset = build(clip_folder, [*GOOD, name], decoder, test_mode=True)
    assert [dataset[index]['data_samples'].video_id for index in range(3)] == GOOD
    with pytest.raises(ValueError, match=rf'{name} cannot be read \(.*Replace it, or set unreadable_as_missing=True'):
        _ = dataset[3]


@pytest.mark.parametrize('decoder', DECODERS)
def test_missing_clips_have_black_frames_and_are_marked(clip_folder, logged_warnings, decoder):
    dataset = build(clip_folder, [GOOD[0], 'empty.mp4'], decoder, test_mode=True, unreadable_as_missing=True)
    good, missing = dataset[0], dataset[1]
    assert missing['inputs'].shape == good['inputs'].shape == (8, 3, 56, 56)
    assert not missing['inputs'].any()
    assert missing['data_samples'].video_id == 'empty.mp4'
    assert missing['data_samples'].gt_label.tolist() == [1]
    assert missing['data_samples'].unreadable
    assert 'unreadable' not in good['data_samples']
    assert ['it is scored as not recognised' in message for message in logged_warnings] == [True]


def test_clip_damaged_in_the_store_is_replaced(clip_folder, tmp_path, logged_warnings):
    (tmp_path / 'list.txt').write_text(''.join(f'{name} 1\n' for name in GOOD))
    make_frame_store(tmp_path / 'list.txt', clip_folder, tmp_path / 'frames', FrameSettings(64, 90))
    content = (tmp_path / 'frames').read_bytes()
    dataset = build(tmp_path / 'frames', GOOD, max_unreadable=0.4)
    store = dataset.pipeline.transforms[0].store
    # Damage a byte in each frame of one clip.
    for jpeg in store.read(store.find(GOOD[1]), range(12)).values():
        offset = content.index(jpeg) + len(jpeg) // 2
        content = content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :]
    (tmp_path / 'frames').write_bytes(content)
    dataset = build(tmp_path / 'frames', GOOD, max_unreadable=0.4)
    assert dataset[1]['data_samples'].video_id in (GOOD[0], GOOD[2])
    assert 'is damaged: frame' in logged_warnings[0]


def test_pipeline_errors_do_not_count_as_unreadable_clips(clip_folder):
    dataset = build(clip_folder, GOOD, max_unreadable=1)
    dataset.pipeline.transforms[-1] = lambda results: results['no such key']
    with pytest.raises(KeyError, match='no such key'):
        _ = dataset[0]


def test_too_many_unreadable_clips_end_the_run(clip_folder):
    dataset = build(clip_folder, [*GOOD, 'empty.mp4', 'text.mp4'], max_unreadable=0.2)
    assert dataset.prepare_data(3) is None
    with pytest.raises(ValueError, match=r'text\.mp4 cannot be .* 2 of the 5 clips .*max_unreadable=0\.2'):
        dataset.prepare_data(4)
    # By default, one clip in a hundred may be unreadable, and at least one clip unless it is the only one.
    few = build(clip_folder, [*GOOD, 'empty.mp4', 'text.mp4'])
    assert few.prepare_data(3) is None
    with pytest.raises(ValueError, match=r'; now 2 of the 5 clips .*max_unreadable=0\.01'):
        few.prepare_data(4)
    for names, kwargs in ((['empty.mp4'], {}), ([*GOOD, 'empty.mp4'], dict(max_unreadable=0))):
        with pytest.raises(ValueError, match=r'; now 1 of the'):
            build(clip_folder, names, **kwargs).prepare_data(len(names) - 1)
