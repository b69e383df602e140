"""Files of the certificate directory: whole or absent, keys readable by their owner alone from the first byte.

A file is written under another name and then linked or renamed into place, so that a run killed at any moment leaves
each file whole or absent (a power cut is not guarded against). Imports dicfix.errors only.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dicfix.errors import MaterialError

if sys.platform != "win32":
    import fcntl

KEY_MODE = 0o600
PUBLIC_MODE = 0o644
_MAX_BYTES = 1 << 20
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # opening a pipe must not wait for its other end
_REMEDY = "give this user the right to it, or name another directory"
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def read_if_there(path: Path) -> bytes | None:
    """The bytes of a regular file, None when there is none; everything else of that name is a MaterialError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | _NO_WAIT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot("read", path, error) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise MaterialError(f"{path.name} is a directory or a device", expected="a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(_MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(data) > _MAX_BYTES:
        raise MaterialError(f"{path.name} is larger than 1 MiB", expected="a PEM file of a few hundred bytes")
    return data


def write(path: Path, data: bytes, mode: int = PUBLIC_MODE, *, overwrite: bool = False) -> None:
    """Put the whole file in place with ``mode``; one that is there is a MaterialError unless ``overwrite``."""
    part = _part(path)
    try:
        _write_part(part, data, mode)
        if overwrite:
            part.replace(path)
        else:
            _put_new(part, path)
    except FileExistsError:
        raise MaterialError(
            f"{path.name} is already there", expected="existing files are kept", remedy="say overwrite to replace it"
        ) from None
    except OSError as error:
        raise _cannot("written", path, error) from None
    finally:
        with suppress(OSError):
            part.unlink()


def mode_if_there(path: Path) -> int | None:
    """The permission bits of what bears that name, None when there is nothing."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot("read", path, error) from None


def remove(path: Path) -> None:
    """Take a file away, if it is there."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot("removed", path, error) from None


def open_to_others(path: Path) -> bool:
    """Whether anyone but the owner may read or write the file (never so on Windows, which has no such bits)."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Make the directory if need be and keep other runs out of it for the length of a block (not so on Windows)."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot("made", directory, error) from None
    if sys.platform == "win32":
        yield
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise _cannot("read", directory, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _write_part(part: Path, data: bytes, mode: int) -> None:
    part.unlink(missing_ok=True)  # left by a run that was killed; the lock keeps living ones out
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _put_new(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        part.replace(path)


def _cannot(done: str, path: Path, error: OSError) -> MaterialError:
    if error.errno == errno.ELOOP or (done == "read" and os.path.islink(path)):
        return MaterialError(
            f"{path.name} is a symbolic link", expected="a regular file", remedy="put the file itself there"
        )
    if done == "made" and error.errno in (errno.EEXIST, errno.ENOTDIR):
        return MaterialError(
            f"{path.name} is not a directory", expected="a directory for the certificates", remedy=_REMEDY
        )
    return MaterialError(f"{path.name} cannot be {done}: {error.strerror}", remedy=_REMEDY)
