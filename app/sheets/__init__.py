"""名册表格 roster tables: reading of .xlsx and .csv files, and the empty one to fill in."""

from app.sheets.file import MOST_BYTES, MOST_ROWS, Sheets, read_bytes, read_file
from app.sheets.template import roster_template

__all__ = ["MOST_BYTES", "MOST_ROWS", "Sheets", "read_bytes", "read_file", "roster_template"]
