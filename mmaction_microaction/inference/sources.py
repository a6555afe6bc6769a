"""Where videos come from: files, folders, cameras."""

import time
import warnings
from pathlib import Path

import cv2

from mmaction_microaction.video_files import list_videos
from mmaction_microaction.videos import Frame


def find_videos(paths):
    """List video files.

    Args:
        paths (Sequence[str | Path]): Files, and folders, which are searched with all below them.

    Returns:
        dict[Path, Path]: Of every file, in order, its path below the folder that was given, or its name. A warning
        counts the other files of a folder.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a folder holds no video.
    """
    found = {}
    for path in map(Path, paths):
        if path.is_dir():
            videos, others = list_videos(path, below=True)
            if others:
                warnings.warn(f'{path} holds {others:,} files that are no videos; they are passed over', stacklevel=2)
            found.update((video, video.relative_to(path)) for video in videos)
        elif path.exists():
            found[path] = Path(path.name)
        else:
            raise FileNotFoundError(f'{path}: no such file or folder')
    return found


class Camera:
    """Frames of a camera at an even rate, as the network was trained on, whatever the camera's.

    Attributes:
        fps (float): Frames per second.

    Args:
        source (str): Number of a camera, ``'0'`` being the first, or a URL that OpenCV opens, such as ``rtsp://…``.
        fps (float): Frames per second that are given out. Defaults to 30, as in MA-52.

    Raises:
        ValueError: If it cannot be opened.
    """

    def __init__(self, source, fps=30.0):
        self.source, self.fps = source, fps
        self.capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
        if not self.capture.isOpened():
            raise ValueError(f'camera {source} cannot be opened; is it connected, and not in use elsewhere?')

    def frames(self, seconds=float('inf')):
        """Watch.

        A frame that comes early or late fills the places of the even rate up to the present, so that time in the stream
        is time on the clock, even when the network is slower than the camera.

        Args:
            seconds (float): How long. Defaults to no end.

        Yields:
            Frame: Without gaps, until the time is over or the camera gives no more.
        """
        begin = time.monotonic()
        index = 0
        try:
            while True:
                received, picture = self.capture.read()
                if not received:
                    return
                picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
                now = time.monotonic() - begin
                while index <= now * self.fps:
                    if index >= seconds * self.fps:
                        return
                    yield Frame(index, index / self.fps, lambda picture=picture: picture)
                    index += 1
        finally:
            self.capture.release()
