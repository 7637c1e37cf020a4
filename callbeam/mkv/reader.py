"""Reads a capture, or the body of a GetMedia response: EBML documents one after another, each a KVS fragment.

Nothing in the input makes it raise: a document says itself what is wrong with it. Payloads are never copied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callbeam.mkv import ids
from callbeam.mkv.masters import is_document_start
from callbeam.mkv.walk import DocumentWalk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callbeam.mkv.document import Document

MAX_WASTE = 2
"""How many bytes may be walked in vain, in lengths of the input; after that, whatever looks like a header is one."""

_MAGIC = ids.EBML.to_bytes(4, "big")
_FIND_MAGIC = re.compile(re.escape(_MAGIC))


def read_documents(data: bytes | bytearray | memoryview) -> Iterator[Document]:
    """Yield every EBML document of ``data``, in order; together they cover each byte of it.

    A document ends at the next EBML header in element position, or at the end of the input. Where a document's
    structure is lost it ends at the next bytes that look like a whole EBML header; so do bytes that belong to no
    document. The EBML magic inside a sound document's payload has no effect.

    Parameters
    ----------
    data : bytes, bytearray or memoryview
        Contiguous. It must not change while the documents are in use: their ``data`` are views of it.

    Yields
    ------
    Document
        With ``error`` (which names the byte offset in ``data``) and what was sound before it where it is damaged.

    Examples
    --------
    >>> from pathlib import Path
    >>> for document in read_documents(Path("capture.mkv").read_bytes()[:50_000]):  # cut off
    ...     print(document.index, len(document.blocks), document.complete)
    0 32 True
    1 14 False
    """
    view = memoryview(data).cast("B")
    starts = _DocumentStarts(view)
    position = index = wasted = 0
    while position < len(view):
        cautious = wasted > MAX_WASTE * len(view)
        walk = DocumentWalk(view[position : starts.after(position) if cautious else len(view)])
        length = walk.walk()
        followed = _MAGIC.startswith(bytes(view[position + length : position + length + len(_MAGIC)]))
        if not cautious and (walk.doubtful or not walk.complete or not followed):
            # a document that was cut may have swallowed the start of the next one: read it again up to there
            next_start = starts.after(position)
            if next_start < position + length:
                wasted += max(0, position + walk.reached - next_start)
                swallowed = not walk.complete
                if walk.complete:  # believe it, unless what looks like a document inside it is a flawless one
                    inner = DocumentWalk(view[next_start:])
                    wasted += inner.walk()
                    swallowed = inner.sound and not inner.doubtful
                if swallowed:
                    walk = DocumentWalk(view[position:next_start])
                    length = walk.walk()
        yield walk.document(index, position, length)
        position += length
        index += 1


class _DocumentStarts:
    """Finds where documents begin by their looks alone; all searches together pass over the input once."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._searched_from = 0
        self._found = 0

    def after(self, position: int) -> int:
        """Return the first plausible start beyond ``position``, or the end of the input."""
        if not self._searched_from <= position < self._found:
            self._searched_from = position
            self._found = len(self._view)
            for match in _FIND_MAGIC.finditer(self._view, position + 1):
                if is_document_start(self._view, match.start()):
                    self._found = match.start()
                    break
        return self._found
