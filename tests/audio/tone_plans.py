"""Tone plans of countries, and their sound: facts of ITU-T E.180 supplement 2 and of carriers.

A tone is written as frequencies (``350+440``, or ``400*25`` for 400 Hz modulated with 25 Hz) and its cadence as
milliseconds on, off, on, off ...; none is a continuous tone.
"""

from __future__ import annotations

import numpy as np

RATE = 8000

SIT = "sit"

PLANS = {
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

TUNED_ON = ("United States", "United Kingdom", "Germany", "France", "Japan")
"""Thresholds of bursts and the tolerances of cadences were chosen on these; all others were held out, and only their
published frequencies and cadences went into ``callbeam.audio.signals``."""

SHORTEST_S = {"dial": 4.0, "ringback": 12.0, "busy": 5.0, "reorder": 5.0, "call_waiting": 31.0}


def sine(seconds, hz, rate=RATE):
    """An RMS of 1."""
    return np.sqrt(2) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def tone(seconds, frequencies, *, off=1.0, twist_db=0.0, rate=RATE):
    """A tone with an RMS of about 1; ``off`` scales its frequencies, twist makes the last one louder."""
    if "*" in frequencies:
        carrier, modulation = (float(part) for part in frequencies.split("*"))
        swing = 1 + 0.9 * np.sin(2 * np.pi * modulation * off * np.arange(round(seconds * rate)) / rate)
        return sine(seconds, carrier * off, rate) * swing / np.sqrt(1 + 0.9**2 / 2)
    hz = [float(part) * off for part in frequencies.split("+")]
    gains = [1.0] * (len(hz) - 1) + [10 ** (twist_db / 20) if len(hz) > 1 else 1.0]
    total = sum(gain * sine(seconds, one, rate) for gain, one in zip(gains, hz, strict=True))
    return total / np.sqrt(sum(gain**2 for gain in gains))


def cadenced(seconds, frequencies, cadence_ms, **options):
    """A tone switched on and off; the begins and ends of its bursts in seconds."""
    sound = tone(seconds, frequencies, **options)
    if not cadence_ms:
        return sound, [(0.0, seconds)]
    rate = options.get("rate", RATE)
    heard, spans, at, step = np.zeros(len(sound)), [], 0.0, 0
    while at < seconds - 0.02:
        length = cadence_ms[step % len(cadence_ms)] / 1000
        if step % 2 == 0:
            end = min(at + length, seconds)
            heard[round(at * rate) : round(end * rate)] = 1
            spans.append((at, end))
        at, step = at + length, step + 1
    return sound * heard, spans


def special_information(hz=(950, 1400, 1800), lengths_ms=(330, 330, 330), pause_ms=0, rate=RATE):
    """Three tones, one after the other."""
    pause = np.zeros(round(pause_ms * rate / 1000))
    tones = [sine(length / 1000, one, rate) for one, length in zip(hz, lengths_ms, strict=True)]
    return np.concatenate([part for one in tones for part in (one, pause)])


def keyed(seconds, mark, space, *, bits=None, baud=300, rate=RATE):
    """Frequency-shift keying with continuous phase; random bits unless given."""
    count = round(seconds * rate)
    bits = (
        np.random.default_rng(7).integers(0, 2, round(seconds * baud) + 2) if bits is None else np.resize(bits, count)
    )
    at = bits[(np.arange(count) * baud / rate).astype(int)]
    return np.sqrt(2) * np.sin(2 * np.pi * np.cumsum(np.where(at == 1, mark, space)) / rate)
