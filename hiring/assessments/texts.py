"""From a document to its text. Runs in the confined process only.

Pictures of text, text boxes and footnotes are not read. The text is cut at ``CHARACTERS_MAX``; spans of evidence point into it.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

CHARACTERS_MAX = 200_000
PAGES_MAX = 100
PARAGRAPHS_MAX = 20_000
_PDF, _DOCX = "application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Unreadable(Exception):
    """The file cannot be read, however often one tries. ``code`` says why, never what is in it."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def read_text(file: BinaryIO, content_type: str, progress: Callable[[int], None]) -> str:
    """Return a document's text: lines, no control characters.

    Raises:
        Unreadable: ``broken_document``, ``encrypted_document``, ``too_many_pages`` or ``no_text_found``.
    """
    parts = {_PDF: _pdf, _DOCX: _docx}.get(content_type, _plain)(file, progress)
    kept, size = [], 0
    for part in parts:
        kept.append(part)
        size += len(part)
        if size >= CHARACTERS_MAX:
            break
    text = _CONTROL.sub(" ", "\n".join(kept).replace("\r\n", "\n").replace("\r", "\n"))[:CHARACTERS_MAX]
    if not text.strip():
        raise Unreadable("no_text_found")
    return text


def _plain(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[str]:
    try:
        yield file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("broken_document") from None
    progress(80)


def _pdf(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[str]:
    import pypdf

    try:
        reader = pypdf.PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted_document")
        count = len(reader.pages)
        if count > PAGES_MAX:
            raise Unreadable("too_many_pages")
        for number, page in enumerate(reader.pages, start=1):
            yield page.extract_text()
            progress(80 * number // count)
    except (Unreadable, MemoryError, RecursionError, GeneratorExit):
        raise
    except Exception:  # a broken file breaks the parser in any way there is
        raise Unreadable("broken_document") from None


def _docx(file: BinaryIO, progress: Callable[[int], None]) -> Iterator[str]:
    import docx
    from docx.table import Table

    try:
        document = docx.Document(file)
        for section in document.sections:
            yield from (paragraph.text for paragraph in section.header.paragraphs)
        progress(30)
        for number, block in enumerate(document.iter_inner_content()):
            if number > PARAGRAPHS_MAX:
                raise Unreadable("too_many_pages")
            if isinstance(block, Table):
                yield from (" | ".join(cell.text for cell in row.cells) for row in block.rows)
            else:
                yield block.text
        progress(80)
    except (Unreadable, MemoryError, RecursionError, GeneratorExit):
        raise
    except Exception:  # a broken file breaks the parser in any way there is
        raise Unreadable("broken_document") from None
