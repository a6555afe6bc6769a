import platform

import av
import pytest
from helpers.odd_videos import numbered

from mmaction_microaction.video.writer import write_video


def test_a_video_that_fails_half_way_leaves_nothing(tmp_path):
    def frames():
        yield from numbered(3)
        raise RuntimeError('stop')

    with pytest.raises(RuntimeError):
        write_video(tmp_path / 'x.mp4', frames(), (64, 48), fps=25, crf=20)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(platform.machine() not in ('x86_64', 'AMD64'), reason='these instructions are of x86-64')
def test_videos_are_written_with_the_instructions_that_every_processor_has(tmp_path):
    # With AVX-512, one video of a hundred is another from run to run; which, cannot be foreseen.
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture() as messages:
            write_video(tmp_path / 'x.mp4', numbered(3), (64, 48), fps=25, crf=20)
    finally:
        av.logging.set_level(None)
    (used,) = [text for _, _, text in messages if 'using cpu capabilities' in text]
    assert used.split(':')[1].split() == ['MMX2', 'SSE2Fast', 'SSSE3', 'SSE4.2']
