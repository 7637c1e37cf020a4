"""HTML in which text is always escaped: what a call is named may be anything."""

from __future__ import annotations

import html
import json
from typing import Any


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = str | Html | None
"""Text (escaped), markup (as it is), or nothing."""

VOID = frozenset({"meta", "link", "br", "hr"})
"""Elements without content or end; those of SVG have an end."""


def join(*children: Child) -> Html:
    """Return children side by side.

    Examples
    --------
    >>> join("a < b", Html("<br>"), None)
    'a &lt; b<br>'
    """
    parts = (
        child if isinstance(child, Html) else html.escape(child, quote=True) for child in children if child is not None
    )
    return Html("".join(parts))


def el(tag: str, *children: Child, **attributes: str | float | bool | None) -> Html:
    """Return an element.

    Parameters
    ----------
    tag : str
    *children : str, Html or None
    **attributes
        A trailing ``_`` falls away and other ``_`` become ``-``; None and False leave the attribute out, True gives
        it no value.

    Examples
    --------
    >>> el("td", "<script>", class_="id", data_t=5, hidden=False)
    '<td class="id" data-t="5">&lt;script&gt;</td>'
    """
    words = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        spelled = name.rstrip("_").replace("_", "-")
        words.append(spelled if value is True else f'{spelled}="{html.escape(str(value), quote=True)}"')
    opening = f"<{' '.join(words)}>"
    return Html(opening if tag in VOID and not children else f"{opening}{join(*children)}</{tag}>")


def data_block(name: str, values: Any) -> Html:
    """Return values as a JSON data block that no text within them can end or leave.

    Parameters
    ----------
    name : str
        The block's id.
    values
        Anything that JSON holds.
    """
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Html(f'<script type="application/json" id="{html.escape(name, quote=True)}">{text}</script>')
