"""A small data set in the layout of MMA-52, and detections in it."""

from helpers.support import write_clip

HEADER = 'id,video_id,start_frame,end_frame,class,total_frames,fps'
ROWS = [
    ('a', 0, 30, 9, 60, 30.0),
    ('a', 0, 45, 9, 60, 30.0),  # the same action twice at once, as in the real tables
    ('a', 15, 60, 24, 60, 30.0),
    ('b', 29, 58, 0, 58, 29.0),
]


def write_table(path, rows):
    """Write a table with rows of a video, start, end, class, frames and frames per second."""
    lines = [HEADER, *(','.join(map(str, (index, *row))) for index, row in enumerate(rows))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(lines) + '\n')
    return path


def write_mma52(root, splits=('train', 'val'), rows=ROWS):
    """Write the tables and videos of some splits, all with the same rows."""
    for split in splits:
        write_table(root / f'{split}.csv', rows)
        folder = root / f'videos_{split}'
        folder.mkdir(parents=True)
        for name, frames in {row[0]: row[4] for row in rows}.items():
            write_clip(folder / f'{name}.mp4', num_frames=frames, seed=frames)
    return root
