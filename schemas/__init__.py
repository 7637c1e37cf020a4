"""The tables: one a file, every column declared once; code, docs and DDL come from here."""

from callbeam.schemas.table import Column as Column
from callbeam.schemas.table import Table as Table
from callbeam.schemas.tables import TABLES as TABLES
