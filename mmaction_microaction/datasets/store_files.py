"""Base of files that store something for every video, one by one, and can be resumed: SQLite databases.

Python can read SQLite on every platform. A file that was being written when its process was killed can be continued,
and a file with damaged content raises an error instead of ending the process.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mmaction_microaction.utils.files import replace


class StoreFormat(NamedTuple):
    """Format of a kind of store."""

    kind: str
    """Name of the kind in messages, such as ``'frame store'``."""
    application_id: int
    """Number in the header of a complete file. It is written last."""
    version: int
    """Version of the format. Increment it when older readers would misread a file."""
    page_size: int
    """Size in bytes of a page of the database."""
    tables: str
    """SQL statements that create the tables. ``settings`` has one row, and ``key_table`` a column ``name``."""
    key_table: str
    """Name of the table with a row for each video."""
    settings: type
    """Named tuple of the columns of the table ``settings``."""
    remedy: str
    """Sentence that says how to replace a file."""
    earlier: 'StoreFormat | None' = None
    """Format of an earlier version that can be read, too. Settings that it lacks have their default."""

    @property
    def command(self) -> str:
        """str: The part of the remedy in quotation marks, with these."""
        return self.remedy[self.remedy.index('"') :].rstrip('.')


class StoreWriter:
    """Writes a store to ``{path}.part``, which is renamed when it is complete.

    An interrupted run is continued from this file.

    Args:
        path (Path): Path of the store.
        settings (NamedTuple): Settings with which its content is made.

    Raises:
        ValueError: If the unfinished file has other settings.
        OSError: If the file cannot be written, or another process is writing it.
    """

    format: StoreFormat

    def __init__(self, path: Path, settings: NamedTuple) -> None:
        self.path = path
        self.unfinished = path.with_name(path.name + '.part')
        with _writing(self.unfinished):
            self._connection = sqlite3.connect(self.unfinished, timeout=1)
        try:
            with _writing(self.unfinished):
                self._prepare(settings)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, settings) -> None:
        """Lock the file, and create the tables unless an interrupted run has created them with the same settings."""
        execute = self._connection.execute
        execute(f'PRAGMA page_size = {self.format.page_size}')
        # In this mode, the lock is kept until the connection is closed.
        execute('PRAGMA locking_mode = EXCLUSIVE')
        self._connection.executescript('BEGIN EXCLUSIVE; COMMIT')
        if _pragma(self._connection, 'user_version') == 0:
            execute('BEGIN')
            for table in _statements(self.format.tables):
                execute(table)
            execute(f'INSERT INTO settings VALUES ({", ".join("?" * len(settings))})', settings)
            execute(f'PRAGMA user_version = {self.format.version}')
            self._connection.commit()
        version = _pragma(self._connection, 'user_version')
        if version != self.format.version:
            raise ValueError(f'{self.unfinished} has version {version}, not {self.format.version}: delete it.')
        begun = self.format.settings(*execute('SELECT * FROM settings').fetchone())
        if begun != settings:
            raise ValueError(
                f'{self.unfinished} was started with {begun}, but you asked for {settings}: use {begun}, or delete the '
                'file.'
            )

    def names(self) -> set[str]:
        """Return the names of the finished videos."""
        return {name for (name,) in self._connection.execute(f'SELECT name FROM {self.format.key_table}')}

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection within a transaction, which is complete or undone."""
        with _writing(self.unfinished), self._connection:
            yield self._connection

    def publish(self) -> None:
        """Rename the complete file to the path of the store. It is never written to again."""
        with _writing(self.unfinished):
            self._connection.execute(f'PRAGMA application_id = {self.format.application_id}')
        self._connection.close()
        replace(self.unfinished, self.path)

    def __enter__(self):
        return self

    def __exit__(self, *exception) -> None:
        self._connection.close()


class Store:
    """Reads a store. It can be pickled, and used in forked processes.

    Attributes:
        path (Path): Path of the store.
        settings (NamedTuple): Settings with which its content was made.

    Args:
        path (str | Path): Path of the store.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not a store, incomplete, of another version, or damaged.
    """

    format: StoreFormat

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        kind, remedy = self.format.kind, self.format.remedy
        if self.path.is_dir():
            raise ValueError(f'{path} is a folder, not a {kind}. Choose another path for the store.')
        if not self.path.is_file():
            raise FileNotFoundError(f'{path}: no such {kind}. Make it with {self.format.command}.')
        self._connection, self._process = None, None
        with self._reading():
            connection = self._connect()
            if _pragma(connection, 'application_id') != self.format.application_id:
                raise ValueError(f'{path} is not a {kind}, or incomplete. {remedy}')
            version, known = _pragma(connection, 'user_version'), self.format
            if known.earlier and version == known.earlier.version:
                known = known.earlier
            if version != known.version:
                raise ValueError(f'{path} is a {kind} of version {version}, not {self.format.version}. {remedy}')
            # A view or a computed column would run SQL from the file, at any cost.
            tables = {sql for (sql,) in connection.execute('SELECT sql FROM sqlite_master') if sql is not None}
            if tables != set(_statements(known.tables)):
                raise ValueError(f'{path} does not have the tables of a {kind}. {remedy}')
            self.settings = self.format.settings(*connection.execute('SELECT * FROM settings').fetchone())

    def _connect(self):
        """Return the connection of this process. SQLite connections must not be used in a forked process."""
        if self._process != os.getpid():
            # Immutable: no locks, no journal, and no writing to the folder, even on a network file system.
            uri = f'{self.path.resolve().as_uri()}?immutable=1'
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._process = os.getpid()
        return self._connection

    def __getstate__(self):
        return {**self.__dict__, '_connection': None, '_process': None}

    def names(self) -> set[str]:
        """Return the names of all videos."""
        with self._reading():
            return {name for (name,) in self._connect().execute(f'SELECT name FROM {self.format.key_table}')}

    @contextmanager
    def _reading(self):
        """Convert errors of SQLite to a ValueError that names the file and the remedy."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise ValueError(
                f'{self.path} is damaged, or not a {self.format.kind} ({error}). {self.format.remedy}'
            ) from None


def _statements(sql):
    """Split SQL at its semicolons."""
    return [statement.strip() for statement in sql.split(';') if statement.strip()]


def _pragma(connection, name):
    """Read a number from the header of an SQLite file."""
    return connection.execute(f'PRAGMA {name}').fetchone()[0]


@contextmanager
def _writing(path):
    """Convert errors of SQLite to an OSError or a ValueError that names the file and the remedy."""
    try:
        yield
    except sqlite3.OperationalError as error:  # the disk is full, the folder missing or protected, the file locked
        hint = 'Another process is writing it' if 'locked' in str(error) else 'Finished clips are kept'
        raise OSError(f'{path}: {error}. {hint}: run again later.') from None
    except sqlite3.DatabaseError as error:
        raise ValueError(f'{path} is damaged ({error}): delete it.') from None
