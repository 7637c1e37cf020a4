"""The signals of telephone networks as data: at which frequencies, and with what cadence each sounds.

After ITU-T E.180/Q.35 (tones in national signalling), its supplement 2 (the tones that each country uses), E.182 (what
they are for), V.25 and T.30 (data and fax calls), FCC part 64.501 and E.180 (recording). Countries give one kind
different frequencies and cadences, and one cadence different meanings; what is told here is what sound alone tells:

* Brazil's, Mexico's and Spain's busy tones are as fast as the reorder tone of others, and get that name.
* Number unobtainable, where it is a continuous tone (United Kingdom), sounds like a dial tone, and gets that name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from callbeam.line.detections import (
    BUSY,
    CALL_WAITING,
    DIAL,
    FAX_CED,
    FAX_CNG,
    HOLD_TONE,
    MODEM,
    RECORDING_BEEP,
    REORDER,
    RINGBACK,
)

Range = tuple[float, float]

EVER: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What makes a signal.

    Attributes
    ----------
    kind : str
        Tone kind.
    bands_hz : tuple of (float, float)
        Where its one or two frequencies lie, rising. What beats counts with its middle (``steady.BEATING_HZ``).
    cadence_ms : tuple of ((float, float), (float, float))
        How long it sounds and then pauses, from and to, one pair for each burst of its cycle.
    period_ms : (float, float)
        From burst to burst, of a cycle of one burst.
    even : bool
        One period is as long as the next, of a cycle of one burst.
    bursts : int
        At least so many make it one. The first and the last may be cut short.
    through_talk : bool
        It sounds while people talk; all others end with talk on their channel.
    joined : bool
        Bursts and pauses are one event, not an event for each cycle.
    """

    kind: str
    bands_hz: tuple[Range, ...]
    cadence_ms: tuple[tuple[Range, Range], ...]
    period_ms: Range = (0.0, EVER)
    even: bool = False
    bursts: int = 1
    through_talk: bool = False
    joined: bool = True


PROGRESS_HZ: Final = ((386.0, 476.0),)
"""400, 420, 425, 440 or 450 Hz alone, or the middle of two or three of 375 to 480 Hz that beat."""

BEEP_HZ: Final = ((392.0, 458.0),)
"""400 to 450 Hz: beeps are short, and a voice comes close to these frequencies more often than to a few."""

DIAL_PAIR_HZ: Final = ((344.0, 356.0), (432.0, 448.0))
"""350 + 440 Hz (North America, United Kingdom)."""

OTHER_DIAL_PAIRS_HZ: Final = (((324.0, 336.0), (432.0, 448.0)), ((334.0, 346.0), (418.0, 432.0)))
"""330 + 440 Hz (France), 340 + 425 (Switzerland)."""

BUSY_PAIR_HZ: Final = ((470.0, 490.0), (608.0, 632.0))
"""480 + 620 Hz (North America)."""

ANY_PAUSE: Final = (0.0, EVER)


def _about(*lengths_ms: float) -> tuple[tuple[Range, Range], ...]:
    """Return a cycle of on, off, on, off ... with the tolerance that networks and measurement need: 15 % and 20 ms."""
    ranges = [(0.85 * length - 20, 1.15 * length + 20) for length in lengths_ms]
    return tuple(zip(ranges[::2], ranges[1::2], strict=True))


def _reorder(*lengths_ms: float, bursts: int) -> Signal:
    return Signal(kind=REORDER, bands_hz=PROGRESS_HZ, cadence_ms=_about(*lengths_ms), bursts=bursts)


def _waiting(
    cadence_ms: tuple[tuple[Range, Range], ...],
    *,
    bursts: int,
    even: bool = False,
    bands_hz: tuple[Range, ...] = PROGRESS_HZ,
) -> Signal:
    return Signal(
        kind=CALL_WAITING,
        bands_hz=bands_hz,
        cadence_ms=cadence_ms,
        bursts=bursts,
        even=even,
        through_talk=True,
        joined=False,
    )


def _even(kind: str, bands_hz: tuple[Range, ...], length_ms: Range, period_ms: Range, bursts: int) -> Signal:
    return Signal(
        kind=kind,
        bands_hz=bands_hz,
        cadence_ms=((length_ms, length_ms),),
        period_ms=period_ms,
        even=True,
        bursts=bursts,
    )


SIGNALS: Final[tuple[Signal, ...]] = (
    # Dial tones, continuous ones and those with a cadence.
    *(
        Signal(kind=DIAL, bands_hz=pair, cadence_ms=(((700.0, EVER), ANY_PAUSE),))
        for pair in (DIAL_PAIR_HZ, *OTHER_DIAL_PAIRS_HZ)
    ),
    Signal(kind=DIAL, bands_hz=PROGRESS_HZ, cadence_ms=(((2800.0, EVER), ANY_PAUSE),)),
    Signal(kind=DIAL, bands_hz=PROGRESS_HZ, cadence_ms=_about(200, 200, 600, 1000), bursts=3),  # Italy
    Signal(kind=DIAL, bands_hz=PROGRESS_HZ, cadence_ms=_about(200, 300, 700, 800), bursts=3),  # Greece
    Signal(kind=DIAL, bands_hz=PROGRESS_HZ, cadence_ms=_about(330, 330, 660, 660), bursts=3),  # Czech Republic
    # Congestion with an uneven cadence: nothing else has one.
    _reorder(400, 350, 225, 525, bursts=3),  # United Kingdom
    _reorder(250, 250, 750, 250, bursts=3),  # Brazil
    _reorder(200, 200, 200, 200, 200, 600, bursts=4),  # Spain
    _reorder(200, 200, 200, 200, 200, 200, 600, 200, bursts=5),  # Turkey
    _reorder(100, 250, 350, 250, 650, 250, bursts=4),  # Colombia
    _reorder(250, 750, bursts=3),  # Sweden
    _reorder(200, 600, bursts=3),  # Kenya
    # Ringing: double (United Kingdom, Australia, India ...), and single.
    Signal(
        kind=RINGBACK,
        bands_hz=PROGRESS_HZ,
        cadence_ms=(((345.0, 520.0), (120.0, 320.0)), ((345.0, 520.0), (1500.0, 3600.0))),
        bursts=2,
    ),
    Signal(kind=RINGBACK, bands_hz=PROGRESS_HZ, cadence_ms=(((640.0, 2800.0), (1600.0, 6500.0)),)),
    # Busy and congestion, as long on as off: what repeats within 580 ms is congestion.
    _even(REORDER, ((440.0, 460.0),), (620.0, 780.0), (1280.0, 1460.0), bursts=3),  # China
    _even(BUSY, PROGRESS_HZ, (220.0, 1150.0), (580.0, 2300.0), bursts=3),
    _even(REORDER, PROGRESS_HZ, (80.0, 340.0), (180.0, 580.0), bursts=3),
    _even(BUSY, BUSY_PAIR_HZ, (220.0, 1150.0), (580.0, 2300.0), bursts=2),
    _even(REORDER, BUSY_PAIR_HZ, (80.0, 380.0), (180.0, 580.0), bursts=2),
    # Hold: a beep every 5 s, or Singapore's holding tone.
    Signal(
        kind=HOLD_TONE,
        bands_hz=BEEP_HZ,
        cadence_ms=(((420.0, 590.0), (3800.0, 5200.0)),),
        even=True,
        bursts=2,
    ),
    Signal(kind=HOLD_TONE, bands_hz=PROGRESS_HZ, cadence_ms=_about(500, 500, 500, 2500), bursts=3),
    # Call waiting: one to three beeps between long pauses.
    _waiting((((110.0, 290.0), (80.0, 700.0)), ((110.0, 290.0), (2600.0, 12_000.0))), bursts=3),
    _waiting(_about(300, 200, 300, 3200), bursts=3),  # Singapore
    _waiting(_about(400, 100, 250, 100, 150, 14_000), bursts=3),  # Italy
    _waiting(_about(100, 100, 100, 100, 600, 3000), bursts=3),  # Israel
    _waiting(_about(250, 250, 250, 250, 250, 5000), bursts=4),  # United Kingdom, special
    _waiting((((70.0, 345.0), (2600.0, 11_000.0)),), bursts=3, even=True, bands_hz=BEEP_HZ),
    # Two beeps tell only where they fit one of these.
    _waiting((((70.0, 130.0), (3700.0, 4300.0)),), bursts=2, even=True, bands_hz=BEEP_HZ),  # United Kingdom
    _waiting((((170.0, 230.0), (2800.0, 3200.0)),), bursts=2, even=True, bands_hz=BEEP_HZ),  # New Zealand
    _waiting((((170.0, 230.0), (4700.0, 5300.0)),), bursts=2, even=True, bands_hz=BEEP_HZ),  # Russia
    _waiting((((270.0, 330.0), (5700.0, 6300.0)),), bursts=2, even=True, bands_hz=BEEP_HZ),  # Venezuela
    _waiting((((170.0, 345.0), (8500.0, 10_500.0)),), bursts=2, even=True, bands_hz=BEEP_HZ),  # North America, France
    _waiting(_about(400, 4000), bursts=2, even=True, bands_hz=((442.0, 458.0),)),  # China
    _waiting((((420.0, 590.0), (7000.0, 10_500.0)),), bursts=2, even=True),  # Netherlands, Japan
    _waiting(_about(250, 250, 250, 3250), bursts=3, bands_hz=DIAL_PAIR_HZ),  # Taiwan
    _waiting(_about(175, 175, 175, 3500), bursts=3, bands_hz=((1379.0, 1421.0),)),  # Belgium
    # Recording: 1400 Hz every 15 s (E.180), 1260 to 1540 Hz every 12 to 18 s (FCC).
    Signal(
        kind=RECORDING_BEEP,
        bands_hz=((1260.0, 1540.0),),
        cadence_ms=(((70.0, 600.0), (9500.0, 18_000.0)),),
        even=True,
        bursts=2,
        through_talk=True,
        joined=False,
    ),
    # Fax and data.
    Signal(kind=FAX_CNG, bands_hz=((1062.0, 1138.0),), cadence_ms=(((400.0, 600.0), (2500.0, 3600.0)),)),
    Signal(kind=FAX_CED, bands_hz=((2068.0, 2132.0),), cadence_ms=(((500.0, EVER), ANY_PAUSE),)),
    Signal(kind=MODEM, bands_hz=((1280.0, 1320.0),), cadence_ms=(((400.0, 800.0), (1300.0, 2300.0)),), bursts=2),
    Signal(kind=MODEM, bands_hz=((2190.0, 2284.0),), cadence_ms=(((700.0, EVER), ANY_PAUSE),)),
    Signal(kind=MODEM, bands_hz=((1625.0, 1675.0),), cadence_ms=(((700.0, EVER), ANY_PAUSE),)),
)
"""Tried in this order on the bursts of one tone: what is more special comes first."""

SPECIAL_INFORMATION_HZ: Final = ((880.0, 1015.0), (1330.0, 1470.0), (1720.0, 1870.0))
"""SIT: three tones, one after the other; 950, 1400, 1800 Hz within 50 (E.180), or 913.8 or 985.2, 1370.6 or 1428.5,
1776.7 Hz (Bellcore)."""

SPECIAL_INFORMATION_MS: Final = (150.0, 900.0)
"""Each 330 ms (E.180), 274 or 380 (Bellcore), 750 (Kenya)."""

SPECIAL_INFORMATION_PAUSE_MS: Final = 260.0
"""None, up to 30 ms, or 200 in some exchanges."""

LONGEST_PAUSE_MS: Final = 18_500.0
"""No signal pauses for longer, so that 30 s of lead on either side of a piece tell what each of its bursts is."""
