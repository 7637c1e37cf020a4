"""Functionals in the manner of the Geneva Minimalistic Acoustic Parameter Set, for a telephone band."""

from callbeam.schemas.table import Column

EGEMAPS_MEASURES: tuple[Column, ...] = ()
"""Columns ``egemaps_*`` of table ``utterances``; each deviation from the paper stands in ``docs/definitions.md``."""
