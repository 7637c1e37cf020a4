"""What a track's payload is over a leg: the declaration, believed only as far as the blocks agree with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from callbeam.payload.aac import FRAME_SAMPLES, RATES_HZ, AacConfig, adts_config, first_element_channels, is_latm
from callbeam.payload.block_statistics import (
    MIN_PAIRS,
    ByteRate,
    Pair,
    block_pairs,
    byte_rate,
    packet_period_ns,
    predictability,
)
from callbeam.payload.formats import DEFAULT_RATE_HZ, PACKET_ENCODINGS, SAMPLE_BYTES, AudioFormat, grid_rate
from callbeam.payload.plausibility import (
    MIN_FRAMES,
    NOISE_BITS,
    TELLING_BITS,
    are_samples,
    is_interleaved,
    is_noise,
    never_negative,
    other_order,
)
from callbeam.payload.samples import read_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callbeam.mkv import Block, Document
    from callbeam.payload.samples import Int16Array

KNOWN_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""The rates that audio is recorded at: what else blocks come to is no rate, but something else."""

EXPLAINED = 0.08
"""How far bytes and timecodes may lie from the declared rate: rates lie 9 % apart at least."""

MATCHED = 0.04
"""How near to another known rate they must lie for it to be taken instead."""

STRONG_PAIRS = 16
"""Distances between blocks that refute a declaration."""

RATE_FROM_TIMECODES = "rate_from_timecodes"
ENCODING_FROM_SAMPLES = "encoding_from_samples"
CHANNELS_FROM_SAMPLES = "channels_from_samples"
IMPLAUSIBLE_SAMPLES = "implausible_samples"
RESAMPLED = "resampled"


@dataclass(frozen=True, slots=True)
class TrackVerdict:
    """What a track's payload is taken for, and why.

    Attributes
    ----------
    track_name : str
        The track's Name, "" if it has none.
    declared : AudioFormat or str
        What its fragments say, or why that is nothing that is decoded.
    form : AudioFormat or str
        How it is read, with a rate; or for people the reason why it is not.
    warnings : tuple of str
        Where that is not what is declared: ``rate_from_timecodes``, ``encoding_from_samples``,
        ``channels_from_samples``; ``implausible_samples`` where no encoding gives sound; ``resampled`` where its rate
        has no whole frames.
    blocks_rate_hz : float or None
        The rate that bytes and timecodes give by the encoding taken (packets: by their durations); None if they do not
        tell.
    """

    track_name: str
    declared: AudioFormat | str
    form: AudioFormat | str
    warnings: tuple[str, ...] = ()
    blocks_rate_hz: float | None = None

    @property
    def implausible(self) -> bool:
        """Whether the samples cannot be sound as they are read."""
        return IMPLAUSIBLE_SAMPLES in self.warnings

    def reading(self, declared: AudioFormat | str) -> AudioFormat | str:
        """Tell how a fragment of the leg that declares ``declared`` is read: as the leg, unless it says otherwise."""
        if isinstance(self.form, str):
            return self.form
        if declared == self.declared or self._agrees(declared, self.declared) or self._agrees(declared, self.form):
            return self.form
        if isinstance(declared, str):
            return declared
        rate = self.form.sample_rate_hz
        if declared.sample_rate_hz not in {None, rate} and declared.encoding == self.form.encoding:
            return f"the sample rate changes from {rate} to {declared.sample_rate_hz} Hz within the leg"
        return (
            f"the format changes from {self.form.encoding} of {self.form.channels} channels to {declared.encoding} of "
            f"{declared.channels} within the leg"
        )

    @staticmethod
    def _agrees(one: AudioFormat | str, two: AudioFormat | str) -> bool:
        if isinstance(one, str) or isinstance(two, str):
            return False
        return (one.encoding, one.channels) == (two.encoding, two.channels) and (
            one.sample_rate_hz in {None, two.sample_rate_hz} or two.sample_rate_hz is None
        )

    def contradicted(self, blocks: Sequence[Block], document: Document) -> str | None:
        """Tell why one fragment's blocks cannot be what the leg's are, if they cannot; its first two ask for more."""
        form = self.form
        if isinstance(form, str) or form.in_packets or form.sample_rate_hz is None or len(blocks) <= MIN_PAIRS:
            return None
        (_, first, start, end), second = blocks[0], blocks[1].timecode
        expected = (second - first) * document.timecode_scale_ns * form.sample_rate_hz * form.frame_bytes / 1e9
        if 0.8 * expected <= end - start <= 1.25 * expected:
            return None
        pairs = block_pairs(blocks, document.timecode_scale_ns)
        packets = packet_period_ns([end - start for _, _, start, end in blocks], pairs) is not None
        if packets and not are_samples(
            b"".join(document.data[start:end] for _, _, start, end in blocks), form.channels
        ):
            return "the sizes of this fragment's blocks vary as a codec's frames do, and not with time"
        rate = byte_rate(pairs)
        found = rate.bytes_per_s / form.frame_bytes if rate is not None and rate.agreement >= 0.9 else 0.0
        if _known(found) in {None, form.sample_rate_hz} or _explains(form.sample_rate_hz, found):
            return None
        return f"the blocks of this fragment hold {found:.0f} Hz where the leg's hold {form.sample_rate_hz} Hz"


@dataclass(frozen=True, slots=True)
class TrackEvidence:
    """What some fragments hold of a track.

    Attributes
    ----------
    declared : tuple of AudioFormat or str
        What they say of it, in order.
    sizes : tuple of int
        Bytes of each block.
    pairs : tuple of Pair
        As ``block_pairs`` gives them.
    payload : bytes
        Blocks that do not repeat a sample, one after another, up to a limit.
    packets : tuple of bytes
        Some blocks' beginnings, for headers; whole where they are short.
    """

    track_name: str
    declared: tuple[AudioFormat | str, ...]
    sizes: tuple[int, ...] = ()
    pairs: tuple[Pair, ...] = ()
    payload: bytes = b""
    packets: tuple[bytes, ...] = ()


@lru_cache(maxsize=1)
def codecs_installed() -> bool:
    """Tell whether the extra ``callbeam[codecs]`` is there."""
    return find_spec("av") is not None


def decodable(form: AudioFormat | str) -> AudioFormat | str:
    """Return a format, or the reason why this installation does not decode it."""
    if isinstance(form, str) or not form.in_packets or codecs_installed():
        return form
    return f"{PACKET_ENCODINGS[form.encoding]} is decoded with the extra: pip install 'callbeam[codecs]'"


def judge(evidence: TrackEvidence) -> TrackVerdict:
    """Decide what a track's payload is.

    Parameters
    ----------
    evidence : TrackEvidence
        Of the leg's first fragments, at least one.
    """
    declared = _declared(evidence.declared)
    if isinstance(declared, str):
        return TrackVerdict(evidence.track_name, declared, declared)
    if declared.encoding == "opus":
        return TrackVerdict(evidence.track_name, declared, decodable(declared), (), None)
    period_ns = packet_period_ns(evidence.sizes, evidence.pairs, told=declared.encoding == "aac")
    if period_ns is not None and declared.encoding != "aac" and are_samples(evidence.payload, declared.channels):
        period_ns = None  # blocks of samples that are written on a timer vary in size, too
    form: AudioFormat | str
    if declared.encoding == "aac" or period_ns is not None or _share(evidence.packets, _has_aac_header) > 0.5:
        form, warnings = _as_aac(declared, evidence, period_ns)
        rate = None if period_ns is None else FRAME_SAMPLES * 1e9 / period_ns
        return _verdict(evidence, declared, decodable(form), warnings, rate)
    measured = byte_rate(evidence.pairs)
    form, warnings = _by_rate(declared, evidence, measured)
    if isinstance(form, AudioFormat) and ENCODING_FROM_SAMPLES not in warnings:
        taken = predictability(read_samples(evidence.payload, form.encoding)[:: form.channels])
        other = other_order(form, evidence.payload, taken)
        if other is not None:
            form, warnings = replace(form, encoding=other), (*warnings, ENCODING_FROM_SAMPLES)
        elif is_noise(form, evidence.payload, taken):
            warnings = (*warnings, IMPLAUSIBLE_SAMPLES)
    width = form.frame_bytes if isinstance(form, AudioFormat) else declared.frame_bytes
    told = measured is not None and measured.agreement >= 0.8
    return _verdict(evidence, declared, form, warnings, measured.bytes_per_s / width if measured and told else None)


def _verdict(
    evidence: TrackEvidence,
    declared: AudioFormat,
    form: AudioFormat | str,
    warnings: tuple[str, ...],
    rate_hz: float | None,
) -> TrackVerdict:
    if isinstance(form, str):
        return TrackVerdict(evidence.track_name, declared, form, (), rate_hz)
    rate = form.sample_rate_hz or DEFAULT_RATE_HZ
    if grid_rate(rate) != rate:
        warnings = (*warnings, RESAMPLED)
    return TrackVerdict(evidence.track_name, declared, replace(form, sample_rate_hz=rate), warnings, rate_hz)


def _declared(all_declared: Sequence[AudioFormat | str]) -> AudioFormat | str:
    """Choose what a leg declares: its first format with a rate, else its first format, else its first reason."""
    formats = [form for form in all_declared if isinstance(form, AudioFormat)]
    rated = [form for form in formats if form.sample_rate_hz is not None]
    first = next(iter(formats), None)
    if first is None:
        return all_declared[0]
    return next((form for form in rated if form.encoding == first.encoding), first)


def _by_rate(
    declared: AudioFormat, evidence: TrackEvidence, measured: ByteRate | None
) -> tuple[AudioFormat | str, tuple[str, ...]]:
    """Believe the declared rate if bytes and timecodes can be explained by it; else find what explains them."""
    rate = declared.sample_rate_hz or DEFAULT_RATE_HZ
    if measured is None or measured.agreement < 0.8:
        return declared, ()
    found = measured.bytes_per_s / declared.frame_bytes
    strong = max(measured.agreement, measured.exactness) >= 0.9 and measured.pairs >= STRONG_PAIRS
    if _explains(rate, found) or (found < rate and not (strong and measured.exactness >= 0.8)):
        return declared, ()
    best = _best_reading(declared, evidence, measured)
    if best is not None:
        warnings = (ENCODING_FROM_SAMPLES,) if best.encoding != declared.encoding else ()
        if best.channels != declared.channels:
            warnings = (*warnings, CHANNELS_FROM_SAMPLES)
        if best.sample_rate_hz != rate:
            warnings = (*warnings, RATE_FROM_TIMECODES)
        return best, warnings
    if strong and not 0.8 * rate <= found <= 1.25 * rate:
        return (
            f"blocks and timecodes come to {found:.0f} Hz, which neither the declared {rate} Hz nor another known rate "
            f"of {declared.encoding} explains"
        ), ()
    return declared, ()


def _best_reading(declared: AudioFormat, evidence: TrackEvidence, measured: ByteRate) -> AudioFormat | None:
    """Find the encoding and known rate that explain as many bytes a second, and whose samples are sound.

    What is declared is preferred, but where another encoding's samples are far more predictable.
    """
    candidates = []
    for encoding, width in SAMPLE_BYTES.items():
        rate = _known(measured.bytes_per_s / (width * declared.channels))
        if rate is not None and not never_negative(evidence.payload, encoding):
            samples = read_samples(evidence.payload, encoding)[:: declared.channels]
            bits = predictability(samples).bits
            halves = declared.channels == 1 and not samples[::2].any()  # every other sample is what pads wider ones
            middle = float(np.median(bits)) if len(bits) >= MIN_FRAMES and not halves else None
            candidates.append((AudioFormat(rate, encoding, declared.channels), middle, samples))
    own = next(
        ((form, bits, samples) for form, bits, samples in candidates if form.encoding == declared.encoding), None
    )
    told = [(bits, form) for form, bits, _ in candidates if bits is not None]
    if not told:
        return own[0] if own is not None else None
    if own is not None and (pair := _as_pair(own[0], own[2])) is not None:
        return pair
    lowest, best = min(told, key=lambda pair: pair[0])
    if own is not None and own[1] is not None and own[1] < min(lowest + TELLING_BITS, NOISE_BITS):
        return own[0]
    others = min((bits for bits, form in told if form is not best), default=NOISE_BITS)
    return best if lowest + TELLING_BITS <= NOISE_BITS and lowest < others else None


def _as_pair(form: AudioFormat, samples: Int16Array) -> AudioFormat | None:
    """Take samples of one channel for two channels in turn, if they look like that and each is sound.

    One of the two, as the upper half of wider samples, would be more predictable than both.
    """
    rate = _known((form.sample_rate_hz or 0) / 2)
    if form.channels != 1 or rate is None or not is_interleaved(samples):
        return None
    bits = [predictability(samples[channel::2]).bits for channel in (0, 1)]
    if any(len(some) < MIN_FRAMES or np.median(some) > NOISE_BITS - TELLING_BITS for some in bits):
        return None
    return replace(form, channels=2, sample_rate_hz=rate)


def _as_aac(
    declared: AudioFormat, evidence: TrackEvidence, period_ns: float | None
) -> tuple[AudioFormat | str, tuple[str, ...]]:
    """Take packets for AAC, if they are: by ADTS headers, else by how long they last and how they begin."""
    warnings = () if declared.encoding == "aac" else (ENCODING_FROM_SAMPLES,)
    if _share(evidence.packets, is_latm) > 0.5:
        return "AAC in LATM, which is not decoded; raw frames and ADTS are", ()
    headers = [config for config in map(adts_config, evidence.packets) if config is not None]
    if len(headers) > len(evidence.packets) / 2:
        return AudioFormat(headers[0].sample_rate_hz, "aac", headers[0].channels), warnings
    rate = declared.sample_rate_hz if declared.encoding == "aac" else None
    if period_ns is not None:
        lasting = FRAME_SAMPLES * 1e9 / period_ns
        rate = next((known for known in RATES_HZ if abs(lasting - known) <= MATCHED / 2 * known), None)
    elif len(evidence.pairs) >= MIN_PAIRS:
        rate = None
    begins = [first_element_channels(packet) for packet in evidence.packets]
    channels = max((1, 2), key=begins.count)
    if rate is None or rate not in RATES_HZ or begins.count(channels) <= 0.6 * len(begins):
        what = "are no AAC frames" if declared.encoding == "aac" else "vary in size as a codec's frames do"
        return f"the blocks {what}; what they hold is not known", ()
    if (
        declared.encoding == "aac"
        and declared.config
        and (rate, channels)
        == (
            declared.sample_rate_hz,
            declared.channels,
        )
    ):
        return declared, ()
    config = AacConfig(2, rate, channels)
    if declared.encoding == "aac" and rate != declared.sample_rate_hz:
        warnings = (RATE_FROM_TIMECODES,)
    return AudioFormat(rate, "aac", channels, config.to_bytes()), warnings


def _has_aac_header(packet: bytes) -> bool:
    return adts_config(packet) is not None or is_latm(packet)


def _share(packets: Sequence[bytes], holds: object) -> float:
    return sum(map(holds, packets)) / len(packets) if packets and callable(holds) else 0.0


def _explains(rate_hz: float, found_hz: float) -> bool:
    return abs(found_hz - rate_hz) <= EXPLAINED * rate_hz


def _known(rate_hz: float) -> int | None:
    """Return the known rate that one is, near enough."""
    return next((known for known in KNOWN_RATES_HZ if abs(rate_hz - known) <= MATCHED * known), None)
