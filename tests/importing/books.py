"""Makes workbooks, as small as they can be, and such as no program writes."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument.spreadsheet"
# The day of Excel that is called 0.
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001

Cell = str | float | bool | date | datetime | None


def packed(files: Mapping[str, str | bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # Of one time, so that tests are named alike in every process.
            archive.writestr(zipfile.ZipInfo(name), content, way)
    return out.getvalue()


def _column(index: int) -> str:
    return chr(ord("A") + index)


def _xlsx_cell(where: str, cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{where}" t="b"><v>{int(cell)}</v></c>'
        case datetime():
            return f'<c r="{where}" s="2"><v>{(cell - _FIRST_DAY) / (_DAY)}</v></c>'
        case date():
            days = cell.toordinal() - _FIRST_DAY.toordinal()
            return f'<c r="{where}" s="1"><v>{days}</v></c>'
        case str():
            return f'<c r="{where}" t="inlineStr"><is><t>{cell}</t></is></c>'
    return f'<c r="{where}"><v>{cell!r}</v></c>'


_DAY = datetime(2000, 1, 2) - datetime(2000, 1, 1)  # noqa: DTZ001


def xlsx_rows(rows: Sequence[Sequence[Cell]], first: int = 1) -> str:
    """Return rows as a sheet of Excel has them, from a number on."""
    return "".join(
        f'<row r="{number}">'
        + "".join(_xlsx_cell(f"{_column(at)}{number}", cell) for at, cell in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, first)
    )


def xlsx(sheets: dict[str, str], hidden: Sequence[str] = ()) -> bytes:
    """Return a workbook of Excel; its sheets are given as their rows."""
    numbers = range(1, len(sheets) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/s{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        for n in numbers
    )
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"'
        + (' state="hidden"' if name in hidden else "")
        + "/>"
        for n, name in zip(numbers, sheets, strict=True)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in numbers
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>{names}'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{_SHEET}"><cellXfs><xf numFmtId="0"/><xf '
        'numFmtId="14" applyNumberFormat="1"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs>'
        "</styleSheet>",
    }
    for n, rows in zip(numbers, sheets.values(), strict=True):
        files[f"xl/worksheets/s{n}.xml"] = (
            f'<worksheet xmlns="{_SHEET}"><sheetData>{rows}</sheetData></worksheet>'
        )
    return packed(files)


def _ods_cell(cell: Cell) -> str:
    match cell:
        case None:
            return "<table:table-cell/>"
        case bool():
            said = f'office:value-type="boolean" office:boolean-value="{str(cell).lower()}"'
            return f"<table:table-cell {said}/>"
        case datetime() | date():
            said = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
            return f"<table:table-cell {said}/>"
        case str():
            return (
                '<table:table-cell office:value-type="string"><text:p>'
                f"{cell}</text:p></table:table-cell>"
            )
    return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'


def ods_rows(rows: Sequence[Sequence[Cell]]) -> str:
    """Return rows as a sheet of OpenDocument has them, with all the empty ones behind them."""
    end = '<table:table-cell table:number-columns-repeated="16000"/>'
    told = "".join(
        f"<table:table-row>{''.join(map(_ods_cell, row))}{end}</table:table-row>" for row in rows
    )
    rest = f'<table:table-row table:number-rows-repeated="1048000">{end}</table:table-row>'
    return told + rest


def ods(rows: str) -> bytes:
    """Return a workbook of OpenDocument with one sheet."""
    spaces = " ".join(f'xmlns:{name}="{_OPEN}:{name}:1.0"' for name in ("office", "table", "text"))
    manifest = f"{_OPEN}:manifest:1.0"
    return packed(
        {
            "mimetype": OPEN_DOCUMENT,
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{manifest}"><m:file-entry '
            f'm:full-path="/" m:media-type="{OPEN_DOCUMENT}"/></m:manifest>',
            "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet>"
            f'<table:table table:name="Stock">{rows}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        }
    )
