"""The tones of some countries' networks: facts of ITU-T E.180 supplement 2 and of carriers.

A tone is written as its frequencies in Hz (``350+440``, or ``400*25`` for 400 Hz modulated with 25) and its cadence as
milliseconds on, off, on, off ...; none is a continuous tone.
"""

from __future__ import annotations

from typing import Final

HOME: Final = "United States"
"""Whose tones sound unless something else is asked for."""

PLANS: Final[dict[str, dict[str, tuple[str, tuple[int, ...]]]]] = {
    "United States": {
        "dial": ("350+440", ()),
        "ringback": ("440+480", (2000, 4000)),
        "busy": ("480+620", (500, 500)),
        "reorder": ("480+620", (250, 250)),
        "call_waiting": ("440", (300, 9700)),
    },
    "United Kingdom": {
        "dial": ("350+440", ()),
        "ringback": ("400+450", (400, 200, 400, 2000)),
        "busy": ("400", (375, 375)),
        "reorder": ("400", (400, 350, 225, 525)),
        "call_waiting": ("400", (100, 4000)),
    },
    "Germany": {
        "dial": ("425", ()),
        "ringback": ("425", (1000, 4000)),
        "busy": ("425", (480, 480)),
        "reorder": ("425", (240, 240)),
        "call_waiting": ("425", (200, 200, 200, 5000)),
    },
    "France": {
        "dial": ("440", ()),
        "ringback": ("440", (1500, 3500)),
        "busy": ("440", (500, 500)),
        "reorder": ("440", (250, 250)),
        "call_waiting": ("440", (300, 10000)),
    },
    "Japan": {
        "dial": ("400", ()),
        "ringback": ("384+416", (1000, 2000)),
        "busy": ("400", (500, 500)),
        "call_waiting": ("384+416", (500, 8000)),
    },
    "Australia": {
        "dial": ("413+438", ()),
        "ringback": ("400+450", (400, 200, 400, 2000)),
        "busy": ("425", (375, 375)),
        "call_waiting": ("425", (200, 200, 200, 4400)),
    },
    "India": {
        "dial": ("400*25", ()),
        "ringback": ("400*25", (400, 200, 400, 2000)),
        "busy": ("400", (750, 750)),
        "reorder": ("400", (250, 250)),
        "call_waiting": ("400", (200, 100, 200, 7500)),
    },
    "Brazil": {
        "dial": ("425", ()),
        "ringback": ("425", (1000, 4000)),
        "reorder": ("425", (250, 250, 750, 250)),
    },
    "Italy": {
        "dial": ("425", (200, 200, 600, 1000)),
        "ringback": ("425", (1000, 4000)),
        "busy": ("425", (500, 500)),
        "reorder": ("425", (200, 200)),
        "call_waiting": ("425", (400, 100, 250, 100, 150, 14000)),
    },
    "China": {
        "dial": ("450", ()),
        "ringback": ("450", (1000, 4000)),
        "busy": ("450", (350, 350)),
        "reorder": ("450", (700, 700)),
        "call_waiting": ("450", (400, 4000)),
    },
    "South Africa": {
        "dial": ("400*33", ()),
        "ringback": ("400*33", (400, 200, 400, 2000)),
        "busy": ("400", (500, 500)),
        "reorder": ("400", (250, 250)),
    },
    "Russia": {
        "dial": ("425", ()),
        "ringback": ("425", (800, 3200)),
        "busy": ("425", (350, 350)),
        "reorder": ("425", (175, 175)),
        "call_waiting": ("425", (200, 5000)),
    },
    "Netherlands": {
        "dial": ("425", ()),
        "ringback": ("425", (1000, 4000)),
        "busy": ("425", (500, 500)),
        "reorder": ("425", (250, 250)),
        "call_waiting": ("425", (500, 9500)),
    },
    "Spain": {
        "dial": ("425", ()),
        "ringback": ("425", (1500, 3000)),
        "reorder": ("425", (200, 200, 200, 200, 200, 600)),
        "call_waiting": ("425", (175, 175, 175, 3500)),
    },
    "Poland": {
        "dial": ("425", ()),
        "ringback": ("425", (1000, 4000)),
        "busy": ("425", (500, 500)),
        "call_waiting": ("425", (150, 150, 150, 4000)),
    },
    "Switzerland": {
        "dial": ("425", ()),
        "ringback": ("425", (1000, 4000)),
        "busy": ("425", (500, 500)),
        "reorder": ("425", (200, 200)),
        "call_waiting": ("425", (200, 200, 200, 4000)),
    },
    "Sweden": {
        "dial": ("425", ()),
        "ringback": ("425", (1000, 5000)),
        "reorder": ("425", (250, 750)),
        "call_waiting": ("425", (200, 500, 200, 9100)),
    },
    "Turkey": {
        "dial": ("450", ()),
        "ringback": ("450", (2000, 4000)),
        "busy": ("450", (500, 500)),
        "reorder": ("450", (200, 200, 200, 200, 200, 200, 600, 200)),
        "call_waiting": ("450", (200, 600, 200, 8000)),
    },
    "Singapore": {
        "dial": ("425", ()),
        "ringback": ("425*24", (400, 200, 400, 2000)),
        "busy": ("425", (750, 750)),
        "reorder": ("425", (250, 250)),
        "call_waiting": ("425*24", (300, 200, 300, 3200)),
    },
    "Taiwan": {
        "dial": ("350+440", ()),
        "ringback": ("440+480", (1000, 2000)),
        "busy": ("480+620", (500, 500)),
        "reorder": ("480+620", (250, 250)),
        "call_waiting": ("350+440", (250, 250, 250, 3250)),
    },
}
"""What each country uses. Left out is what sounds like another kind elsewhere: Brazil's and Spain's busy tones are
others' reorder tones, Japan's, Australia's and Poland's congestion is their busy tone."""
