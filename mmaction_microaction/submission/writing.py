"""Writing of the challenges' submissions."""

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from mmaction_microaction.utils.files import make_folder, write_whole

from .formats import FILE_NAME, SUBMISSION_FORMATS, clip_ids, predicted_labels


def write_submission(
    out_dir: str | Path,
    names: Sequence[str],
    scores: np.ndarray,
    format: Literal['codabench', '2024'] = 'codabench',
    coarse_from: Literal['top1', 'sum', 'head'] = 'top1',
    ids: Literal['name', 'stem'] = 'name',
    coarse_scores: np.ndarray | None = None,
) -> tuple[Path, Path]:
    """Write ``prediction.csv``, and ``submission.zip``, which contains it and can be uploaded.

    A file that cannot be written completely is unchanged. The same predictions result in the same bytes.

    Args:
        out_dir (str | Path): Folder of the files, which is created if it does not exist.
        names (Sequence[str]): Names of the N clips.
        scores (np.ndarray): Fine probabilities of the clips, shape (N, C).
        format (Literal['codabench', '2024']): Format of the submission, see :func:`.predicted_labels`. Defaults to
            ``'codabench'``.
        coarse_from (Literal['top1', 'sum', 'head']): Source of the body parts, see :func:`.predicted_labels`.
            Defaults to ``'top1'``.
        ids (Literal['name', 'stem']): Identifiers of the clips, see :func:`.clip_ids`. Defaults to ``'name'``.
        coarse_scores (np.ndarray, optional): Scores of the body parts, see :func:`.predicted_labels`. Defaults to None.

    Returns:
        tuple[Path, Path]: Paths of the table and the zip file.

    Raises:
        ValueError: If an option has an unknown value, or two clips have the same identifier.
    """
    labels = predicted_labels(scores, format, coarse_from, coarse_scores)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(SUBMISSION_FORMATS[format].header)
    writer.writerows([name, *row] for name, row in zip(clip_ids(names, ids), labels.tolist()))
    content = text.getvalue().encode()

    out_dir = Path(out_dir)
    make_folder(out_dir)
    table, archive = out_dir / FILE_NAME, out_dir / 'submission.zip'
    write_whole(table, content)
    write_whole(archive, zip_table(content))
    return table, archive


def zip_table(content: bytes) -> bytes:
    """Return the bytes of a zip file that contains a table as ``prediction.csv``.

    Args:
        content (bytes): Bytes of the table.

    Returns:
        bytes: Bytes of the zip file, which depend on the table only.
    """
    # Without these, the time and the system of the machine would be in the file.
    entry = zipfile.ZipInfo(FILE_NAME, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_STORED) as file:
        file.writestr(entry, content)
    return buffer.getvalue()
