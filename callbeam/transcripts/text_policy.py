"""Which text may be read: what people said is theirs."""

from __future__ import annotations

from enum import Enum


class TextPolicy(Enum):
    """Which text gets into tables.

    ``REDACTED`` is the default: text that its source says had personal data taken out. A source that says nothing has
    not done so. ``RAW`` reads all text, ``NONE`` no text: labels and times stay.
    """

    REDACTED = "redacted"
    RAW = "raw"
    NONE = "none"

    def allows(self, *, redacted: bool | None) -> bool:
        """Tell whether a text may be read.

        Examples
        --------
        >>> TextPolicy.REDACTED.allows(redacted=True), TextPolicy.REDACTED.allows(redacted=None)
        (True, False)
        >>> TextPolicy.RAW.allows(redacted=False), TextPolicy.NONE.allows(redacted=True)
        (True, False)
        """
        return self is TextPolicy.RAW or (self is TextPolicy.REDACTED and redacted is True)
