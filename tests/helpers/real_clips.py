"""The four real clips of the MA-52 reference data, in small. Decoding the originals takes half a second per clip."""

import cv2
import numpy as np

from mmaction_microaction.video.writer import write_video


def write_small_clips(shared, folder, size=(180, 216)):
    """Write all frames of the four clips in another size, with the names of the originals.

    Args:
        shared (Path): Folder of the reference data.
        folder (Path): New folder of the clips.
        size (tuple[int, int]): Width and height in pixels. The originals have 1080 x 1296. Defaults to ``(180, 216)``.
    """
    folder.mkdir()
    for path in sorted((shared / 'ma52' / 'samples').glob('*.mp4')):
        video = cv2.VideoCapture(str(path))
        frames = []
        while (read := video.read())[0]:
            frame = cv2.resize(read[1], size, interpolation=cv2.INTER_AREA)
            frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        write_video(folder / path.name, np.stack(frames), size, fps=30, crf=10)
