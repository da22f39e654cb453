"""Documents made by hand: what a candidate sends, and what somebody sends who means harm."""

import io
import struct
import zipfile
import zlib

import docx

RESUME = """Ada Example
Email: ada.example@mail.example
Phone: +43 660 1234567

Teaching experience
Head of Mathematics, Northfield School, Sep 2018 - Aug 2022
Mathematics teacher, Ashside School, Sep 2014 - Aug 2018

Education
2010 - 2013 BSc Mathematics, University of Somewhere
PGCE and Qualified Teacher Status

Languages: English (native), French B2
"""


def docx_of(text: str) -> bytes:
    """Return a Word document: the first line in the header, one line in a table, the others as paragraphs."""
    document = docx.Document()
    first, *lines, last = text.strip().split("\n")
    document.sections[0].header.paragraphs[0].text = first
    for line in lines:
        document.add_paragraph(line)
    document.add_table(rows=1, cols=1).rows[0].cells[0].text = last
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def pdf_of(text: str) -> bytes:
    """Return a PDF of one page with the text in Helvetica."""
    lines = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").split("\n")
    return pdf_with("BT /F1 10 Tf 40 780 Td 14 TL\n" + "\n".join(f"({line}) Tj T*" for line in lines) + "\nET")


def pdf_with(content: str, kids: str = "3 0 R") -> bytes:
    """Return a PDF whose page has the given content stream; ``kids`` are the references of its page tree."""
    packed = zlib.compress(content.encode("latin-1", "replace"))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count 1 >>".encode(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed) + packed + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(out)


def endless_pdf() -> bytes:
    """Return a small PDF whose page takes minutes to read."""
    return pdf_with("BT /F1 10 Tf\n" + "(a) Tj 1 0 0 1 5 5 Tm\n" * 400_000 + "ET")


def zip_bomb(declared: int | None = None, unpacked: int = 240_000_000) -> bytes:
    """Return a Word document whose text unpacks to ``unpacked`` bytes, and which claims ``declared`` of them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with zipfile.ZipFile(io.BytesIO(docx_of("a\nb\nc"))) as honest:
            for name in set(honest.namelist()) - {"word/document.xml"}:
                archive.writestr(name, honest.read(name))
        with archive.open("word/document.xml", "w", force_zip64=False) as member:
            for _ in range(unpacked // 1_000_000):
                member.write(b" " * 1_000_000)
    bomb = stream.getvalue()
    return bomb if declared is None else bomb.replace(struct.pack("<L", unpacked), struct.pack("<L", declared))
