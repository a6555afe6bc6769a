"""Writes the challenges' files."""

import csv
import io
import zipfile
from pathlib import Path

from mmaction_microaction.utils.files import make_folder, write_whole

from .formats import FILE_NAME, SUBMISSION_FORMATS, clip_ids, predicted_labels


def write_submission(out_dir, names, scores, format='codabench', coarse_from='top1', ids='name'):
    """Write ``prediction.csv`` and, ready to be uploaded, ``submission.zip`` with nothing but it.

    Each file is either complete or as before, and the same predictions give the same bytes.

    Args:
        out_dir (str | Path): Folder of the files; made if it is not there.
        names (Sequence[str]): Names of the clips.
        scores (np.ndarray): Their fine probabilities, shape (N, 52).
        format, coarse_from: See :func:`.predicted_labels`.
        ids: See :func:`.clip_ids`.

    Returns:
        tuple[Path, Path]: The table and the zip file.

    Raises:
        ValueError: If an option is unknown.
    """
    labels = predicted_labels(scores, format, coarse_from)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(SUBMISSION_FORMATS[format].header)
    writer.writerows([name, *row] for name, row in zip(clip_ids(names, ids), labels.tolist()))
    content = text.getvalue().encode()

    out_dir = Path(out_dir)
    make_folder(out_dir)
    table, archive = out_dir / FILE_NAME, out_dir / 'submission.zip'
    write_whole(table, content)
    write_whole(archive, _zip(content))
    return table, archive


def _zip(content):
    """Return the bytes of a zip file that holds the table."""
    # Time, system and packed size would differ from one run or machine to another.
    entry = zipfile.ZipInfo(FILE_NAME, date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_STORED) as file:
        file.writestr(entry, content)
    return buffer.getvalue()
