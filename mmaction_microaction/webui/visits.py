"""What the server knows about a visitor: the recordings, their results and their corrections."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmaction_microaction.inference import ClipResult, DetectionResult, TimelineResult
from mmaction_microaction.structures.coding import CodedEvent, Coding

from .corrections import Corrections

Result = ClipResult | TimelineResult | DetectionResult


@dataclass(eq=False)
class VisitRecording:
    """An uploaded, recorded or example video, and its result."""

    path: str
    """Path of the file. It may have been deleted."""
    name: str
    """Name of the file, which differs from those of the other recordings of the visitor."""
    model: str = ''
    """Name of the network of the results."""
    results: Sequence[Result] = ()
    """Results of the people. Empty if the recording was not recognised."""
    names: dict[str, str] = field(default_factory=dict)
    """Names of the people in the study, by the names in the results."""
    corrections: Corrections | None = None
    """Coded events, with the corrections of the visitor. None if the recording was not recognised."""
    picture: str = ''
    """HTML of the picture that shows what the network saw."""
    failure: str = ''
    """Reason why there is no result. Empty if there was no error."""
    kept_from: str = ''
    """Name of the latest network that did not recognise the recording again, because of its corrections."""

    @property
    def is_corrected(self) -> bool:
        """bool: Whether the visitor corrected the events."""
        return bool(self.corrections and self.corrections.count)

    @property
    def coding(self) -> Coding:
        """Coding: The coded events, with the corrections."""
        return self.corrections.coding

    def replace(self, model: str, results: Sequence[Result], corrections: Corrections, picture: str) -> None:
        """Replace the results by those of a network. People keep the names that the visitor gave them."""
        names = {result.person: self.names.get(result.person, result.person) for result in results}
        # Two people of the new result may have one name if an earlier one had other people.
        if len(set(names.values())) < len(names):
            names = {person: person for person in names}
        corrections.rename(names)
        self.model, self.failure, self.kept_from, self.picture, self.names = model, '', '', picture, names
        # The results are last: recordings with results have all the rest.
        self.corrections, self.results = corrections, results

    def events(self, person: str) -> list[CodedEvent]:
        """Return the events of a person, by the name in the results."""
        return self.coding.of(self.names[person])

    def describe(self) -> str:
        """Return the name of the recording and its state, for a list."""
        if self.failure:
            return f'{self.name}: could not be recognised'
        if not self.results:
            return f'{self.name}: not recognised yet'
        count = len(self.coding.events)
        corrected = ', corrected' if self.is_corrected else ''
        kept = f' (kept, not recognised by {self.kept_from})' if self.kept_from else ''
        return f'{self.name}: {count:,} action{"s" * (count != 1)}{corrected}{kept}'


@dataclass
class Visit:
    """The recordings of a visitor, and what the page shows."""

    recordings: list[VisitRecording] = field(default_factory=list)
    shown: VisitRecording | None = None
    """Recording on the page."""
    person: str = ''
    """Name in the results of the person on the page."""
    row: CodedEvent | None = None
    """Selected event of the table."""
    queue: list[VisitRecording] = field(default_factory=list)
    """Recordings that are still to be recognised."""
    model: str = ''
    """Name of the network that recognises the queue."""
    running: tuple[VisitRecording, str] | None = None
    """Recording that is being recognised, and the name of the network."""
    total: int = 0
    """Number of recordings that were to be recognised when the visitor pressed the button."""
    is_stopped: bool = False
    """Whether the visitor stopped the recognition."""
    coder: str = ''
    """Name of the visitor as the coder. ``''`` if it is not given."""
    to_remove: VisitRecording | None = None
    """Recording with corrections that is removed if the visitor asks for it again."""
    export: Path | None = None
    """File of the latest export."""

    def add(self, path: str | Path) -> VisitRecording:
        """Add a recording, and give it a name that no other one has."""
        path, names = Path(path), {recording.name for recording in self.recordings}
        name, count = path.name, 1
        while name in names:
            count += 1
            name = f'{path.stem} ({count}){path.suffix}'
        recording = VisitRecording(str(path), name)
        self.recordings.append(recording)
        return recording

    def show(self, recording: VisitRecording | None) -> None:
        """Choose the recording on the page, and its first person."""
        self.shown, self.row, self.to_remove = recording, None, None
        self.person = recording.results[0].person if recording and recording.results else ''

    @property
    def recognised(self) -> list[VisitRecording]:
        """list[VisitRecording]: Recordings with a result."""
        return [recording for recording in self.recordings if recording.results]
