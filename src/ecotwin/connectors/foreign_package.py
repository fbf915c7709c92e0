"""Unpacks an FMU: a ZIP file from somebody else, so its names, sizes and checksum are judged first."""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import weakref
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from ecotwin.errors import FileFault

MOST_BYTES = 512 * 2**20
"""Largest size of all files of an FMU, unpacked [B]."""

MOST_FILES = 20_000
"""Most files in an FMU."""

_TEXT_BYTES = 32 * 2**20
"""Largest model description [B]."""


class Unpacked:
    """An FMU unpacked in a folder of its own, which is removed with this object.

    Attributes:
        file: The FMU. folder: Where it is unpacked. sha256: Of the FMU.
    """

    def __init__(self, file: Path, sha256: str = "") -> None:
        self.file = file
        self.sha256 = _checked(file, sha256)
        self.folder = Path(tempfile.mkdtemp(prefix="ecotwin-fmu-"))
        self._end = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        try:
            _unpack(file, self.folder)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the folder."""
        self._end()


def _checked(file: Path, sha256: str) -> str:
    """SHA-256 of the file, which is small enough and the one that was meant."""
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise FileFault(
                f"{file} has {size} bytes",
                expected=f"an FMU of at most {MOST_BYTES}",
                remedy="take resources out that the model does not need",
            )
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as fault:
        raise FileFault(
            f"the FMU {file} cannot be read ({fault.strerror})",
            expected="an FMU beside the plant file",
            remedy="correct `file` of the machine's `model`, or put the FMU there",
        ) from None
    if sha256 and found != sha256:
        raise FileFault(
            f"{file} has the checksum {found}",
            expected=f"{sha256}, as the plant file says",
            remedy="find out who changed the FMU; if the change is meant, correct `sha256`",
        )
    return found


def _unpack(file: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            faults = list(_suspect(members))
            if faults:
                raise FileFault(
                    f"{file} is not unpacked: {'; '.join(faults[:5])}",
                    expected="plain files inside the FMU's own folder",
                    remedy="do not use this FMU; ask who made it",
                )
            left = MOST_BYTES
            for member in members:
                left = _extract(archive, member, folder, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as fault:
        raise FileFault(
            f"{file} is no ZIP file that can be read ({fault})",
            expected="an FMU: a ZIP file with modelDescription.xml",
            remedy="export the model again",
        ) from None
    description = folder / "modelDescription.xml"
    if not description.is_file() or description.stat().st_size > _TEXT_BYTES:
        raise FileFault(
            f"{file} has no modelDescription.xml, or one of more than {_TEXT_BYTES} bytes",
            expected="an FMU",
            remedy="export the model again",
        )


def _suspect(members: list[zipfile.ZipInfo]) -> Iterator[str]:
    if len(members) > MOST_FILES:
        yield f"{len(members)} files"
    if sum(m.file_size for m in members) > MOST_BYTES:
        yield f"more than {MOST_BYTES} bytes"
    for member in members:
        name = member.orig_filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if ".." in parts or PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive:
            yield f"{member.filename!r} leads out of its folder"
        elif stat.S_ISLNK(member.external_attr >> 16):
            yield f"{member.filename!r} is a link"


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, left: int) -> int:
    """Unpack one file; what it says of its size is not believed. Bytes left."""
    target = folder / member.filename.replace("\\", "/")
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return left
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, target.open("wb") as out:
        while data := source.read(2**20):
            left -= len(data)
            if left < 0:
                raise FileFault(
                    f"{archive.filename} unpacks to more than {MOST_BYTES} bytes",
                    expected="an FMU of honest size",
                    remedy="do not use this FMU; ask who made it",
                )
            out.write(data)
    return left
