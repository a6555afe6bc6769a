"""Writing of files that are never half written, and checks of whether a path can be written."""

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

# Name of a temporary file. No other program uses it, and every file system accepts its length.
_UNFINISHED = re.compile(r'\..{1,100}\.[0-9a-f]{16}\.unfinished', re.DOTALL)
_swept = set()  # folders from which this process has removed the temporary files of killed processes


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Write to a temporary file that is renamed at the end, so that the target is either complete or unchanged.

    Several processes may write the same file: the last one to finish determines its content. A file that is replaced
    keeps its mode and, where the system permits it, its owner. A symbolic link stays, and the file that it points to is
    replaced. A pipe or a device, such as ``/dev/stdout``, is written to directly.

    The temporary file is hidden, locked, and in the folder of the target. If a process is killed, the next process that
    writes into the folder removes its temporary file.

    Args:
        path (str | Path): Path of the file to write.

    Yields:
        Path: Path of an empty temporary file, which the block writes to or replaces by another file.

    Raises:
        OSError: If the file cannot be written. The message contains its path.
    """
    path = Path(path)
    if _is_special(path):
        yield path
        return
    path = path.resolve() if path.is_symlink() else path
    unfinished = lock = None
    try:
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, 'the file is write-protected')
        unfinished, lock = _make_unfinished(path)
        yield unfinished
        replace(unfinished, path)
    except OSError as error:
        name = os.path.basename(str(error.filename))
        if not (error.filename is None or name == path.name or _UNFINISHED.fullmatch(name)):
            raise  # The error is about another file, which the block reads.
        raise OSError(error.errno, f'{error.strerror or error}; the file is unchanged', str(path)) from None
    finally:
        if unfinished:
            with suppress(OSError):
                unfinished.unlink()  # On a full disk, half a file would prevent the next attempt.
        if lock is not None:
            os.close(lock)


@contextmanager
def lock_for_link(path: str | Path) -> Iterator[None]:
    """Lock a file while a block hard-links it instead of a temporary file of :func:`atomic_write`.

    Without the lock, another process would take the hard link for the file of a killed process, and remove it.

    Args:
        path (str | Path): Path of the file that the block links.
    """
    with ExitStack() as stack:
        with suppress(OSError):  # Opening errors are raised later, by the block.
            _lock(stack.enter_context(open(path, 'rb')).fileno())
        yield


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file so that it is either complete or unchanged, see :func:`atomic_write`.

    Args:
        path (str | Path): Path of the file.
        content (bytes): Content of the file. Text has to be encoded.

    Raises:
        OSError: If the file cannot be written.
    """
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(content)


def replace(source: Path, target: Path) -> None:
    """Rename a complete file so that a power failure leaves either the old file or all of the new one.

    Args:
        source (Path): Path of the file.
        target (Path): New path, in the same folder.

    Raises:
        OSError: If the file cannot be renamed or flushed to the disk.
    """
    _flush(source, os.O_WRONLY)
    os.replace(source, target)
    _flush(target.parent, os.O_RDONLY)


def _flush(path: str | Path, mode: int) -> None:
    """Wait until a file or a folder is on the disk."""
    try:
        descriptor = os.open(path, mode)
    except OSError:  # a hard link to a write-protected file, or a folder on Windows
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # not supported by some file systems
            raise
    finally:
        os.close(descriptor)


def _make_unfinished(path: Path) -> tuple[Path, int | None]:
    """Create the temporary file of a target; return its path and the descriptor that locks it.

    The temporary file has the mode of the target. The descriptor is None if the file system has no locks.
    """
    _sweep(path.parent)
    stem = os.fsencode(path.name)[:100].decode('utf-8', 'ignore') or 'file'
    while True:
        unfinished = path.with_name(f'.{stem}.{secrets.token_hex(8)}.unfinished')
        descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        locked = _lock(descriptor)
        # Before the lock, another process may have taken the file for one of a killed process.
        if locked is not False and unfinished.exists():
            break
        os.close(descriptor)
    with suppress(OSError):
        _copy_owner_and_mode(path.stat(), descriptor)
    if locked:
        return unfinished, descriptor
    os.close(descriptor)
    return unfinished, None


def _copy_owner_and_mode(status: os.stat_result, descriptor: int) -> None:
    """Give an open file the owner and the mode of another file, as far as the system permits it."""
    own = os.fstat(descriptor)
    for owner, group in ((status.st_uid, -1), (-1, status.st_gid)):
        if owner not in (-1, own.st_uid) or group not in (-1, own.st_gid):
            with suppress(OSError, AttributeError):  # Windows has no fchown.
                os.fchown(descriptor, owner, group)
    with suppress(AttributeError):
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _lock(descriptor: int) -> bool | None:
    """Lock an open file. Return True, False if another process holds the lock, or None if locks are not supported."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sweep(folder: Path) -> None:
    """Remove the temporary files of killed processes from a folder. They are the files that nobody has locked."""
    key = os.path.realpath(folder)
    if key in _swept:
        return
    _swept.add(key)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _UNFINISHED.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    descriptor = os.open(entry.path, os.O_RDWR)
                    try:
                        if _lock(descriptor):
                            os.unlink(entry.path)
                    finally:
                        os.close(descriptor)


def as_text_cell(text: str) -> str:
    """Escape a text, such as a file name, so that no spreadsheet evaluates it as a formula.

    Args:
        text (str): Text of a cell.

    Returns:
        str: The text, preceded by an apostrophe if a spreadsheet would evaluate it.
    """
    # Excel and LibreOffice skip spaces and control characters before a formula, and accept full-width signs.
    start = text.lstrip(''.join(map(chr, range(33))) + '\ufeff\xa0')[:1]
    return f"'{text}" if start in tuple('=+-@\uff1d\uff0b\uff0d\uff20') or text[:1] in ('\t', '\r', '\n') else text


def check_writable(path: str | Path) -> None:
    """Check that a file can be written, before the work whose result it will contain. Nothing is written.

    Args:
        path (str | Path): Path of the file that will be written.

    Raises:
        OSError: If the path is a folder, the file or its folder is write-protected, or its folder does not exist.
    """
    path = Path(path)
    if _is_special(path):
        return
    path = path.resolve() if path.is_symlink() else path
    if path.is_dir():
        raise OSError(f'{path} cannot be written, since it is a folder; choose a file')
    if not path.parent.is_dir():
        raise OSError(
            f'{path} cannot be written, since {path.parent} is not a folder; create it, or choose another path'
        )
    if path.exists() and not os.access(path, os.W_OK):
        raise OSError(f'{path} cannot be written, since it is write-protected; choose another path')
    if not os.access(path.parent, os.W_OK):
        raise OSError(f'{path} cannot be written, since {path.parent} is write-protected; choose another path')


def _is_special(path: Path) -> bool:
    """Return whether a path exists that is neither a file nor a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def file_identity(path: str | Path) -> tuple:
    """Return an identity that is equal for all paths of one file, despite links, mounts and letter case.

    Args:
        path (str | Path): Path of the file, which does not have to exist yet.

    Returns:
        tuple: Hashable identity.
    """
    path = Path(path).absolute()
    try:
        status = path.stat()
    except OSError:
        return (path.name,) if path == path.parent else (*file_identity(path.parent), path.name)
    if stat.S_ISDIR(status.st_mode):
        return status.st_dev, status.st_ino
    # Without the device, which differs between two mounts of one network folder.
    return status.st_ino, status.st_size, status.st_mtime_ns


def make_folder(path: str | Path) -> None:
    """Create a folder and its parents, unless it exists.

    Args:
        path (str | Path): Path of the folder.

    Raises:
        OSError: If the folder cannot be created, for example because a file has its name.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f'{path} cannot be a folder ({error.strerror}: {error.filename}); choose another path') from None
