import platform

import av
import pytest
from helpers.odd_videos import numbered

from mmaction_microaction.video.writer import write_video


def test_failed_writing_leaves_no_file(tmp_path):
    def frames():
        yield from numbered(3)
        raise RuntimeError('stop')

    with pytest.raises(RuntimeError):
        write_video(tmp_path / 'x.mp4', frames(), (64, 48), fps=25, crf=20)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(platform.machine() not in ('x86_64', 'AMD64'), reason='these instructions exist only on x86-64')
def test_videos_are_encoded_with_baseline_cpu_instructions(tmp_path):
    # With AVX-512, about one video in a hundred differs from run to run, unpredictably.
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture() as messages:
            write_video(tmp_path / 'x.mp4', numbered(3), (64, 48), fps=25, crf=20)
    finally:
        av.logging.set_level(None)
    (used,) = [text for _, _, text in messages if 'using cpu capabilities' in text]
    assert used.split(':')[1].split() == ['MMX2', 'SSE2Fast', 'SSSE3', 'SSE4.2']
