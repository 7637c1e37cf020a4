"""What others are told of the tables: their page, their DDL, and what a release has promised of them.

Run as ``python -m callbeam.catalog.table_docs docs/tables.md`` and ``python -m callbeam.catalog.athena
docs/athena.sql``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
