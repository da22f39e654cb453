"""What a file is, by its content: names and announced types are never believed.

What belongs here: cheap looks at signatures and structure, each bounded in time and memory. What doesn't: reading documents, which
happens in a process of its own (``child.py``).
"""

import re
import struct
import zipfile
from typing import BinaryIO

PDF, DOCX, TEXT = "application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text/plain"
VTT, SRT = "text/vtt", "application/x-subrip"
MP4, WEBM = "video/mp4", "video/webm"
ACCEPTED: dict[str, tuple[str, ...]] = {"resume": (PDF, DOCX, TEXT), "transcript": (VTT, SRT, TEXT), "video": (MP4, WEBM)}

_HEAD_BYTES = 4096
_DOCX_MEMBERS = {"[Content_Types].xml", "word/document.xml"}
_MEMBERS_MAX = 2000
_DIRECTORY_BYTES_MAX = 1_000_000
_UNPACKED_BYTES_MAX = 60_000_000
_RATIO_MAX = 200  # XML of repeated words packs to 1:50; a bomb to 1:1000
_ZIP_END = struct.Struct("<4s4H2LH")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_CUE_TIMES = re.compile(rb"\A\s*\d+\s*\r?\n\d{1,2}:\d\d:\d\d,\d{3} --> ")


def content_type(file: BinaryIO, kind: str) -> str | None:
    """Return the type of a file if an upload of this kind may have it, else None.

    Args:
        file: seekable; where it stands afterwards is not defined.
        kind: ``resume``, ``transcript`` or ``video``.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    found = _by_signature(head)
    if found == DOCX and not _is_docx(file):
        return None
    if found is None and kind != "video" and _is_text(file):
        found = _kind_of_text(head)
        if kind == "resume":
            found = TEXT  # a résumé that starts like a subtitle is still text
    return found if found in ACCEPTED[kind] else None


def _by_signature(head: bytes) -> str | None:
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return DOCX
    if head[4:8] == b"ftyp":
        return MP4
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:
        return WEBM
    return None


def _is_docx(file: BinaryIO) -> bool:
    """Say whether a zip holds a Word document of an honest size. Its directory is measured before it is read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _ZIP_END.size - 0xFFFF))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _ZIP_END.size:
        return False
    _, _, _, _, members_count, directory_bytes, _, _ = _ZIP_END.unpack_from(tail, at)
    if members_count > _MEMBERS_MAX or directory_bytes > _DIRECTORY_BYTES_MAX:
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False
    unpacked = sum(member.file_size for member in members)
    is_bounded = unpacked <= min(_UNPACKED_BYTES_MAX, max(size * _RATIO_MAX, 1_000_000))
    return is_bounded and {member.filename for member in members} >= _DOCX_MEMBERS and len(members) <= _MEMBERS_MAX


def _is_text(file: BinaryIO) -> bool:
    """Say whether every byte belongs to UTF-8 text without control characters."""
    file.seek(0)
    rest = b""
    while part := file.read(1 << 20):
        if _CONTROL.search(part):
            return False
        text = rest + part
        try:
            text.decode()
            rest = b""
        except UnicodeDecodeError as error:
            rest = text[error.start :]
            if len(rest) > 3 or error.reason != "unexpected end of data":
                return False
    return not rest and file.tell() > 0


def _kind_of_text(head: bytes) -> str:
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if plain.startswith(b"WEBVTT"):
        return VTT
    return SRT if _CUE_TIMES.match(plain) else TEXT
