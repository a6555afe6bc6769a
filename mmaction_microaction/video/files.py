"""Which files of a folder are videos."""

from pathlib import Path

# fmt: off
VIDEO_ENDINGS = (
    '.3g2', '.3gp', '.asf', '.avi', '.divx', '.f4v', '.flv', '.m2ts', '.m2v', '.m4v', '.mkv', '.mod', '.mov', '.mp4',
    '.mpeg', '.mpg', '.mts', '.mxf', '.ogv', '.qt', '.ts', '.vob', '.webm', '.wmv',
)
# fmt: on


def list_videos(folder, below=False):
    """Tell the videos of a folder, by their endings, from its other files.

    Args:
        folder (str | Path): The folder.
        below (bool): Whether to search the folders in it, too. Defaults to False.

    Returns:
        tuple[list[Path], int]: The videos, sorted, and how many other files there are, those that macOS puts beside
        each on foreign disks among them.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it holds no video.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder; name the one that holds the videos')
    files = sorted(path for path in folder.glob('**/*' if below else '*') if path.is_file())
    videos = [path for path in files if path.suffix.lower() in VIDEO_ENDINGS and not path.name.startswith('._')]
    if not videos:
        endings = ', '.join(VIDEO_ENDINGS)
        raise ValueError(f'{folder} holds no video ({endings}) among its {len(files):,} files; name another folder')
    return videos, len(files) - len(videos)
