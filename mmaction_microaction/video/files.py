"""Finds the video files of a folder by their suffixes."""

from pathlib import Path

from mmaction_microaction.utils.hidden_files import is_hidden
from mmaction_microaction.utils.messages import format_count

# fmt: off
VIDEO_ENDINGS = (
    '.3g2', '.3gp', '.asf', '.avi', '.divx', '.f4v', '.flv', '.m2ts', '.m2v', '.m4v', '.mkv', '.mod', '.mov', '.mp4',
    '.mpeg', '.mpg', '.mts', '.mxf', '.ogv', '.qt', '.ts', '.vob', '.webm', '.wmv',
)
# fmt: on


def list_videos(folder: str | Path, recursive: bool = False) -> tuple[list[Path], int]:
    """List the video files of a folder, and count its other files.

    Args:
        folder (str | Path): Path of the folder.
        recursive (bool): Whether to search subfolders, too. Defaults to False.

    Returns:
        tuple[list[Path], int]: The sorted paths of the videos, and the number of other files. Hidden files, and those
        in the trash of a disk, count as other files.

    Raises:
        FileNotFoundError: If the folder does not exist.
        ValueError: If the folder contains no video.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder; pass the folder that contains the videos')
    files = sorted(path for path in folder.glob('**/*' if recursive else '*') if path.is_file())
    videos = [path for path in files if path.suffix.lower() in VIDEO_ENDINGS and not is_hidden(path, folder)]
    if not videos:
        endings = ', '.join(VIDEO_ENDINGS)
        raise ValueError(
            f'{folder} contains no video ({endings}) among its {format_count(len(files), "file")}; use another folder'
        )
    return videos, len(files) - len(videos)
