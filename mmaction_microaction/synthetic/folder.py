"""The folder of a rendered dataset, which can be completed after an interruption."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mmaction_microaction.structures.poses import Poses, write_poses
from mmaction_microaction.utils.files import make_folder, write_whole
from mmaction_microaction.utils.parallel import ordered_map

from .scene import RENDERER, SPLITS
from .settings import DatasetSettings

_MANIFEST = 'manifest.json'
_OLD_SETTINGS = {'rest': 0}
"""Values of settings that manifests of earlier versions lack."""


class DatasetFolder:
    """Folder with the videos of each split, their annotation files and a manifest.

    The manifest contains the versions of format and renderer and the settings from the beginning, and the parameters of
    every video once all videos are there. An interrupted run can therefore be told from a run with other settings.

    Args:
        path (str | Path): Path of the folder.
        version (int | str): Version of the format.
        settings (DatasetSettings): Settings of the dataset.
    """

    def __init__(self, path: str | Path, version: int | str, settings: DatasetSettings) -> None:
        self.path = Path(path)
        self.settings = settings
        self.header = {'version': version, 'renderer': RENDERER, 'settings': settings.to_dict()}

    def begin(self, *kinds: str) -> None:
        """Create the folder or check the one that exists.

        Args:
            *kinds (str): Names of the subfolders of each split, such as ``'videos'`` for ``videos_train``.

        Raises:
            OSError: If the folder is not writable.
            ValueError: If the folder contains another dataset.
        """
        self._check()
        for kind in kinds:
            for split in SPLITS:
                make_folder(self.path / f'{kind}_{split}')
        if not (self.path / _MANIFEST).exists():
            self.write(_MANIFEST, json.dumps(self.header))

    def _check(self) -> None:
        """Raise a ValueError if the folder contains videos of another dataset."""
        manifest = self.path / _MANIFEST
        if not manifest.exists():
            if any(self.path.glob('videos_*/*')):
                raise ValueError(
                    f'{self.path} contains videos but no {_MANIFEST}: choose another folder, or empty this one'
                )
            return
        try:
            content = json.loads(manifest.read_text(encoding='utf-8'))
        except ValueError as error:
            raise ValueError(f'{manifest} is damaged ({error}): choose another folder, or empty this one') from None
        versions = {'version': content.get('version'), 'renderer': content.get('renderer', 1)}
        old = {**_OLD_SETTINGS, **versions, **content.get('settings', {})}
        new = {'version': self.header['version'], 'renderer': RENDERER, **self.header['settings']}
        differences = [f'{key} is {old.get(key)}, not {value}' for key, value in new.items() if old.get(key) != value]
        if differences:
            raise ValueError(
                f'{self.path} contains a dataset with other settings ({"; ".join(differences)}): '
                f'choose another folder, delete this one, or use the same settings to continue it'
            )

    def render(
        self, write_entry: Callable, plan: list, workers: int, progress: Callable[[int, int], None] | None
    ) -> list:
        """Write every entry of a plan that is missing.

        Args:
            write_entry (Callable): Function that takes the path of the folder, the settings and an entry. It writes the
                files of the entry that are missing.
            plan (list): Entries of the dataset.
            workers (int): Number of worker processes.
            progress (Callable[[int, int], None], optional): Callback that receives the number of finished entries and
                their total.

        Returns:
            list: What ``write_entry`` returned, in the order of the plan.
        """
        write = partial(write_entry, self.path, self.settings)
        return list(ordered_map(write, plan, workers, progress=progress))

    def write(self, name: str, text: str) -> None:
        """Write a file, which is either complete or absent."""
        write_whole(self.path / name, text.encode())

    def write_poses(self, plan: list, poses: list[Poses]) -> None:
        """Write the true poses of every split, as ``poses_train.pkl`` and so on.

        Args:
            plan (list): Entries of the dataset.
            poses (list[Poses]): Poses of each entry.
        """
        for index, split in enumerate(SPLITS):
            selected = [video for entry, video in zip(plan, poses) if entry.split == index]
            write_poses(selected, self.path / f'poses_{split}.pkl')

    def finish(self, key: str, rows: list[dict]) -> None:
        """Write the complete manifest.

        Args:
            key (str): Key of the rows in the manifest.
            rows (list[dict]): Parameters of every video.
        """
        rows = ',\n'.join(json.dumps(row) for row in rows)
        self.write(_MANIFEST, f'{json.dumps(self.header)[:-1]}, "{key}": [\n{rows}\n]}}\n')
