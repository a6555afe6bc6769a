"""Files that are never half written, and those that cannot be written at all."""

import errno
import os
import re
import secrets
import stat
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

# No other program names a file so, and the part in front is short enough for every file system.
_UNFINISHED = re.compile(r'\..{1,100}\.[0-9a-f]{16}\.unfinished', re.DOTALL)
_swept = set()  # folders in which this process has looked for what killed ones have left


@contextmanager
def atomic_write(path):
    """Give a temporary file the name of a file once it is whole, so that the file is either complete or as before.

    Several processes may write the same file: the last one to finish determines its content. A file that is replaced
    keeps its mode and, where the system permits it, its owner. What a link points to is written. A pipe or a device,
    such as ``/dev/stdout``, is written to as it is.

    The temporary file is hidden, lies in the folder of the file and is locked. One that a killed process has left is
    removed by the next process that writes into the folder.

    Args:
        path (str | Path): The file.

    Yields:
        Path: An empty file to write to, or to put another one in the place of.

    Raises:
        OSError: If the file cannot be written. The message names it.
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
            raise  # of another file, that is read meanwhile
        raise OSError(error.errno, f'{error.strerror or error}; the file is as before', str(path)) from None
    finally:
        if unfinished:
            with suppress(OSError):
                unfinished.unlink()  # on a full disk, half a file is in the way of the next try
        if lock is not None:
            os.close(lock)


@contextmanager
def hold(path):
    """Lock a file, so that no process takes a second name of it for a file that a killed process has left.

    Args:
        path (str | Path): The file, which a block gives the name of an unfinished file of :func:`atomic_write`.
    """
    with ExitStack() as stack:
        with suppress(OSError):  # whoever reads it will say what is wrong
            _lock(stack.enter_context(open(path, 'rb')).fileno())
        yield


def write_whole(path, content):
    """Write a file so that it is either complete or as before, see :func:`atomic_write`.

    Args:
        path (str | Path): The file.
        content (bytes): All of it.

    Raises:
        OSError: If it cannot be written.
    """
    with atomic_write(path) as unfinished:
        unfinished.write_bytes(content)


def replace(source, target):
    """Rename a whole file so that a power failure leaves either the file of before or all of the new one.

    Args:
        source (Path): The file.
        target (Path): Its new name, in the same folder.

    Raises:
        OSError: If the file cannot be renamed, or its content cannot be stored.
    """
    _store(source, os.O_WRONLY)
    os.replace(source, target)
    _store(target.parent, os.O_RDONLY)


def _store(path, mode):
    """Wait until a file or a folder is on the disk."""
    try:
        descriptor = os.open(path, mode)
    except OSError:  # the second name of a write-protected file, or a folder on Windows
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):  # some file systems cannot
            raise
    finally:
        os.close(descriptor)


def _make_unfinished(path):
    """Make the temporary file of a file, with the mode of the latter; return its path and the descriptor that locks it.

    The descriptor is None where files cannot be locked.
    """
    _sweep(path.parent)
    shown = os.fsencode(path.name)[:100].decode('utf-8', 'ignore') or 'file'
    while True:
        unfinished = path.with_name(f'.{shown}.{secrets.token_hex(8)}.unfinished')
        descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        locked = _lock(descriptor)
        # Another process may have taken it for one that was left, before it was locked.
        if locked is not False and unfinished.exists():
            break
        os.close(descriptor)
    with suppress(OSError):
        _take_after(descriptor, path.stat())
    if locked:
        return unfinished, descriptor
    os.close(descriptor)
    return unfinished, None


def _take_after(descriptor, status):
    """Give an open file the owner and the mode of another one, as far as the system permits it."""
    own = os.fstat(descriptor)
    for owner, group in ((status.st_uid, -1), (-1, status.st_gid)):
        if owner not in (-1, own.st_uid) or group not in (-1, own.st_gid):
            with suppress(OSError, AttributeError):  # which Windows lacks
                os.fchown(descriptor, owner, group)
    with suppress(AttributeError):
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _lock(descriptor):
    """Lock an open file; return None where files cannot be locked, and False if another process has locked this one."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _sweep(folder):
    """Remove the temporary files that killed processes have left in a folder: those that are not locked."""
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


def as_text_cell(text):
    """Keep a spreadsheet from taking a text, such as the name of a stranger's video, for a formula.

    Args:
        text (str): The text of a cell.

    Returns:
        str: The same, behind an apostrophe if a spreadsheet would run it.
    """
    # Excel and LibreOffice pass over spaces and control characters before a formula; wide signs count as signs.
    start = text.lstrip(''.join(map(chr, range(33))) + '\ufeff\xa0')[:1]
    return f"'{text}" if start in tuple('=+-@\uff1d\uff0b\uff0d\uff20') or text[:1] in ('\t', '\r', '\n') else text


def check_writable(path):
    """Find out before long work that its result could not be written; writes nothing.

    Args:
        path (str | Path): The file that is to be written.

    Raises:
        OSError: If it is a folder or write-protected, or its own folder is missing or cannot be written to.
    """
    path = Path(path)
    if _is_special(path):
        return
    path = path.resolve() if path.is_symlink() else path
    if path.is_dir():
        raise OSError(f'{path} cannot be written, since it is a folder; name a file')
    if not path.parent.is_dir():
        raise OSError(f'{path} cannot be written, since {path.parent} is no folder; make it, or name another file')
    if path.exists() and not os.access(path, os.W_OK):
        raise OSError(f'{path} cannot be written, since it is write-protected; name another file')
    if not os.access(path.parent, os.W_OK):
        raise OSError(f'{path} cannot be written, since {path.parent} is write-protected; name another file')


def _is_special(path):
    """Say whether something is there that is neither a file nor a folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def identity(path):
    """Tell a file from others, whichever of its names is given: links, mounts and file systems make more than one.

    Args:
        path (str | Path): The file, which need not be there yet.

    Returns:
        tuple: The same for all names of a file.
    """
    path = Path(path).absolute()
    try:
        status = path.stat()
    except OSError:
        return (path.name,) if path == path.parent else (*identity(path.parent), path.name)
    if stat.S_ISDIR(status.st_mode):
        return status.st_dev, status.st_ino
    # Without the device, which is not the same where a folder of the network is mounted twice.
    return status.st_ino, status.st_size, status.st_mtime_ns


def make_folder(path):
    """Make a folder, and those above it, unless it is there.

    Args:
        path (str | Path): The folder.

    Raises:
        OSError: If it cannot be made, for instance since a file has its name.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f'{path} cannot be a folder ({error.strerror}: {error.filename}); name another') from None
