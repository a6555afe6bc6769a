"""Files of results: JSON, CSV, and the tables of the challenges."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from mmaction_microaction.structures.detections import COLUMNS as DETECTION_COLUMNS
from mmaction_microaction.structures.detections import collect_detections, format_detections
from mmaction_microaction.structures.intervals import write_entries
from mmaction_microaction.utils.files import as_text_cell, write_whole

from .results import COLUMNS, ClipResult, DetectionResult, TimelineResult


def write_json(results: Sequence[ClipResult | TimelineResult | DetectionResult], path: str | Path) -> None:
    """Write results as JSON, completely or not at all.

    Args:
        results (Sequence[ClipResult | TimelineResult | DetectionResult]): One result for each video.
        path (str | Path): Path of the JSON file.

    Raises:
        OSError: If the file cannot be written.
    """
    write_entries([result.to_dict() for result in results], path)


def write_csv(results: Sequence[ClipResult | TimelineResult | DetectionResult], path: str | Path) -> None:
    """Write results as a CSV table, completely or not at all.

    A text that a spreadsheet would read as a formula is preceded by an apostrophe. The group is empty if the label set
    has no groups. There is a column ``person`` if a video shows several people.

    Args:
        results (Sequence[ClipResult | TimelineResult | DetectionResult]): One result for each video.
        path (str | Path): Path of the CSV file.

    Raises:
        OSError: If the file cannot be written.
    """
    table = io.StringIO(newline='')
    columns = [*COLUMNS, 'person'] if any(result.person for result in results) else COLUMNS
    writer = csv.DictWriter(table, columns, restval='')
    writer.writeheader()
    for result in results:
        for row in result.to_rows():
            # The names of people and those of a network from a stranger may be formulas, too.
            writer.writerow({key: as_text_cell(cell) if isinstance(cell, str) else cell for key, cell in row.items()})
    # The byte-order mark makes spreadsheets read the file as UTF-8.
    write_whole(path, table.getvalue().encode('utf-8-sig', errors='backslashreplace'))


def write_detections(results: Sequence[DetectionResult | TimelineResult], path: str | Path) -> None:
    """Write all detections in the columns of the challenges of 2024 and 2025, completely or not at all.

    Nothing is left out because of a low score. The name of a video is that of its file, without folder and suffix, as
    in MMA-52. ``microaction score-detections`` and ``microaction submit`` read the table.

    Args:
        results (Sequence[DetectionResult | TimelineResult]): One result for each video.
        path (str | Path): Path of the CSV file.

    Raises:
        OSError: If the file cannot be written.
    """
    ranked = (result.rank() if isinstance(result, TimelineResult) else result for result in results)
    videos = ((Path(result.video).stem, vars(result)) for result in ranked)
    table = format_detections(collect_detections(videos), ['', *DETECTION_COLUMNS['mmad']])
    write_whole(path, table.encode(errors='backslashreplace'))


WRITERS = {'.json': write_json, '.csv': write_csv}
"""Functions that write results, by the suffix of their files."""
