"""Kinds of made-up hold music, in two sets that share neither an instrument nor an accompaniment.

What is tuned may hear ``TUNING_KINDS`` alone; how well it does is told by ``HELD_OUT_KINDS``.
"""

from __future__ import annotations

from dataclasses import dataclass

from callbeam.callmaker.music.instruments import Instrument
from callbeam.callmaker.music.scores import MAJOR, MINOR, PENTATONIC


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicKind:
    """Who plays what.

    Attributes
    ----------
    lead, chords, bass : Instrument, optional
        Who plays the tune, the accompaniment and the bass.
    tune, accompaniment, bass_line, beat : str
        Styles as ``hold_music_scores`` has them; ``canon`` is a tune, too.
    bpm : (int, int)
        Slowest and fastest.
    beats : int
        In a bar.
    scale : tuple of int
    sevenths : bool
    octave : int
        By how much the tune is moved.
    wow_cents : float
        How far an old tape's pitch wanders.
    """

    lead: Instrument | None = None
    chords: Instrument | None = None
    bass: Instrument | None = None
    tune: str = "song"
    accompaniment: str = "block"
    bass_line: str = "roots"
    beat: str | None = None
    bpm: tuple[int, int] = (70, 120)
    beats: int = 4
    scale: tuple[int, ...] = MAJOR
    sevenths: bool = False
    octave: int = 0
    wow_cents: float = 0.0


_PIANO = Instrument(slope=1.1, stiffness=4e-4, attack_s=0.003, decay_s=1.2, unison=2, detune_cents=1.5, release_s=0.1)
_NYLON = Instrument(slope=1.3, attack_s=0.003, decay_s=0.7, damping=0.8)
_ORGAN = Instrument(
    ratios=(0.5, 1, 1.5, 2, 3, 4, 6, 8), amplitudes=(0.5, 1, 0.4, 0.8, 0.5, 0.4, 0.2, 0.2), attack_s=0.02
)
_STRINGS = Instrument(slope=0.9, attack_s=0.15, release_s=0.25, unison=4, detune_cents=8, vibrato_cents=15)
_MUSIC_BOX = Instrument(ratios=(1, 2.0, 5.4, 8.9), amplitudes=(1, 0.2, 0.25, 0.1), decay_s=0.9)
_FLUTE = Instrument(slope=2.2, attack_s=0.06, vibrato_cents=18, tremolo=0.15, breath=0.12, release_s=0.08)
_BRASS = Instrument(slope=0.7, attack_s=0.03, swell=0.6, unison=2, detune_cents=5, release_s=0.08)
_VIBRAPHONE = Instrument(ratios=(1, 4, 10), amplitudes=(1, 0.25, 0.06), decay_s=1.5, tremolo=0.4)
_PAD = Instrument(slope=1.2, attack_s=0.6, release_s=0.6, unison=3, detune_cents=10)
_CLEAN_GUITAR = Instrument(slope=1.0, attack_s=0.003, decay_s=0.9, damping=0.6, even=0.7)
_ROUND_BASS = Instrument(slope=1.4, attack_s=0.006, decay_s=0.8)
_ACCORDION = Instrument(slope=0.6, attack_s=0.03, unison=2, detune_cents=9, tremolo=0.1)
_HARPSICHORD = Instrument(slope=0.5, attack_s=0.002, decay_s=0.5, damping=0.3)
_VIOLIN = Instrument(slope=0.9, attack_s=0.07, vibrato_cents=25, vibrato_hz=6, release_s=0.1)
_CLARINET = Instrument(slope=0.9, even=0.08, attack_s=0.03, release_s=0.06, breath=0.04)
_PLAIN = Instrument(ratios=(1, 2, 3), amplitudes=(1, 0.4, 0.2), attack_s=0.008, decay_s=0.2, damping=0)

PLAIN_MUSIC = "plain arpeggio"

TUNING_KINDS: dict[str, MusicKind] = {
    PLAIN_MUSIC: MusicKind(chords=_PLAIN, accompaniment="arpeggio", bpm=(110, 130)),
    "nylon guitar": MusicKind(lead=_NYLON, chords=_NYLON, accompaniment="arpeggio", tune="slow"),
    "piano ballad": MusicKind(lead=_PIANO, chords=_PIANO, accompaniment="alberti", bpm=(60, 90)),
    "piano, quick": MusicKind(lead=_PIANO, tune="quick", bpm=(90, 140)),
    "organ hymn": MusicKind(chords=_ORGAN, accompaniment="halves", bpm=(60, 90)),
    "string ensemble": MusicKind(chords=_STRINGS, lead=_STRINGS, tune="slow", accompaniment="block", bpm=(55, 90)),
    "music box": MusicKind(lead=_MUSIC_BOX, chords=_MUSIC_BOX, accompaniment="waltz", beats=3, octave=1),
    "flute and guitar": MusicKind(lead=_FLUTE, chords=_NYLON, accompaniment="arpeggio", octave=1),
    "brass fanfare": MusicKind(lead=_BRASS, chords=_BRASS, tune="fanfare", accompaniment="halves", bpm=(80, 120)),
    "vibraphone jazz": MusicKind(
        lead=_VIBRAPHONE,
        chords=_CLEAN_GUITAR,
        bass=_ROUND_BASS,
        tune="swing",
        accompaniment="comp",
        bass_line="walking",
        beat="brushes",
        sevenths=True,
        bpm=(90, 150),
    ),
    "pad": MusicKind(chords=_PAD, accompaniment="pad", bpm=(50, 80), scale=MINOR),
    "pad and flute": MusicKind(lead=_FLUTE, chords=_PAD, accompaniment="pad", tune="slow", bpm=(60, 90)),
    "guitar pop": MusicKind(
        lead=_CLEAN_GUITAR, chords=_CLEAN_GUITAR, bass=_ROUND_BASS, accompaniment="strum", beat="rock", bpm=(90, 130)
    ),
    "guitar strum": MusicKind(chords=_CLEAN_GUITAR, accompaniment="strum", bpm=(80, 130)),
    "accordion waltz": MusicKind(lead=_ACCORDION, chords=_ACCORDION, accompaniment="waltz", beats=3, bpm=(110, 170)),
    "harpsichord": MusicKind(
        lead=_HARPSICHORD, chords=_HARPSICHORD, tune="quick", accompaniment="alberti", scale=MINOR
    ),
    "dance": MusicKind(
        lead=_BRASS,
        chords=_PAD,
        bass=_ROUND_BASS,
        accompaniment="pad",
        bass_line="octaves",
        beat="four",
        tune="riff",
        bpm=(118, 130),
        scale=MINOR,
    ),
    "violin alone": MusicKind(lead=_VIOLIN, tune="song", bpm=(60, 100), octave=1),
    "clarinet and piano": MusicKind(lead=_CLARINET, chords=_PIANO, accompaniment="block"),
}
"""Additive instruments, as the first hold music had them."""

_STEEL = Instrument(source="string", decay_s=0.8)
_HARP = Instrument(source="string", decay_s=1.2, release_s=0.4)
_BANJO = Instrument(source="string", decay_s=0.15)
_KOTO = Instrument(source="string", decay_s=0.5, vibrato_cents=10)
_E_PIANO = Instrument(source="fm", fm_ratio=1.0, fm_index=1.6, decay_s=1.0, damping=2.0, tremolo=0.2)
_FM_BELL = Instrument(source="fm", fm_ratio=3.5, fm_index=2.5, decay_s=1.6, damping=1.0, release_s=0.5)
_FM_BRASS = Instrument(source="fm", fm_ratio=1.0, fm_index=3.0, attack_s=0.05, vibrato_cents=8)
_MARIMBA = Instrument(ratios=(1, 3.93, 9.6), amplitudes=(1, 0.35, 0.1), decay_s=0.18, attack_s=0.002)
_STEEL_DRUM = Instrument(ratios=(1, 2, 2.98, 4.02), amplitudes=(1, 0.8, 0.25, 0.2), decay_s=0.4, vibrato_cents=6)
_SAXOPHONE = Instrument(
    source="saw", attack_s=0.05, vibrato_cents=20, vibrato_hz=5, breath=0.08, formants_hz=(620, 1400, 2500), cutoff=6
)
_CHOIR = Instrument(
    source="saw",
    attack_s=0.25,
    release_s=0.3,
    unison=4,
    detune_cents=12,
    vibrato_cents=20,
    formants_hz=(700, 1150, 2600),
)
_DISTORTED = Instrument(source="saw", drive=4.0, decay_s=2.0, cutoff=9)
_CHIP = Instrument(source="square", decay_s=0.6, cutoff=30)
_SYNTH_LEAD = Instrument(source="saw", unison=3, detune_cents=9, cutoff=7, attack_s=0.01)
_SWEPT_PAD = Instrument(source="saw", unison=3, detune_cents=14, cutoff=3, attack_s=0.8, release_s=0.8)
_BOW = Instrument(source="saw", attack_s=0.09, release_s=0.12, vibrato_cents=20, vibrato_hz=5.2, cutoff=9)
_SYNTH_BASS = Instrument(source="saw", decay_s=0.3, cutoff=5)
_SLAP_BASS = Instrument(source="string", decay_s=0.3)
_CELESTA = Instrument(source="fm", fm_ratio=4.0, fm_index=0.5, decay_s=0.7)
_HONKY_TONK = Instrument(stiffness=8e-4, slope=0.8, decay_s=0.6, unison=2, detune_cents=12, attack_s=0.002)

HELD_OUT_KINDS: dict[str, MusicKind] = {
    "steel string picking": MusicKind(lead=_STEEL, tune="picking", bpm=(80, 120)),
    "ragtime": MusicKind(lead=_HONKY_TONK, chords=_HONKY_TONK, tune="quick", accompaniment="stabs", bpm=(90, 120)),
    "bossa": MusicKind(
        lead=_E_PIANO,
        chords=_E_PIANO,
        bass=_SLAP_BASS,
        accompaniment="stabs",
        beat="bossa",
        sevenths=True,
        bpm=(110, 140),
    ),
    "electric piano": MusicKind(chords=_E_PIANO, lead=_E_PIANO, tune="sparse", accompaniment="rolls", sevenths=True),
    "carillon": MusicKind(lead=_FM_BELL, tune="jingle", octave=1),
    "marimba": MusicKind(lead=_MARIMBA, chords=_MARIMBA, tune="jingle", accompaniment="ostinato", bpm=(90, 140)),
    "saxophone": MusicKind(
        lead=_SAXOPHONE,
        chords=_E_PIANO,
        bass=_SLAP_BASS,
        tune="swing",
        accompaniment="stabs",
        beat="hiphop",
        sevenths=True,
    ),
    "harp": MusicKind(chords=_HARP, accompaniment="rolls", bpm=(55, 90)),
    "choir": MusicKind(chords=_CHOIR, accompaniment="drone", bpm=(50, 80), scale=MINOR),
    "rock": MusicKind(
        lead=_DISTORTED,
        chords=_DISTORTED,
        bass=_SYNTH_BASS,
        tune="riff",
        accompaniment="stabs",
        beat="rock",
        bpm=(100, 140),
        scale=MINOR,
    ),
    "chip tune": MusicKind(lead=_CHIP, chords=_CHIP, tune="quick", accompaniment="ostinato", bpm=(110, 150)),
    "calypso": MusicKind(lead=_STEEL_DRUM, chords=_STEEL_DRUM, tune="jingle", accompaniment="stabs", beat="bossa"),
    "string quartet": MusicKind(lead=_BOW, tune="canon", bpm=(70, 120)),
    "cello alone": MusicKind(lead=_BOW, tune="slow", bpm=(70, 100), octave=-1),
    "bluegrass": MusicKind(lead=_BANJO, chords=_STEEL, tune="picking", accompaniment="stabs", bpm=(110, 140)),
    "tape": MusicKind(
        lead=_E_PIANO,
        chords=_E_PIANO,
        bass=_SYNTH_BASS,
        tune="sparse",
        accompaniment="rolls",
        beat="hiphop",
        sevenths=True,
        wow_cents=25,
        bpm=(70, 90),
    ),
    "funk": MusicKind(
        chords=_SYNTH_LEAD,
        bass=_SLAP_BASS,
        accompaniment="stabs",
        bass_line="funk",
        beat="funk",
        sevenths=True,
        bpm=(95, 115),
    ),
    "celesta": MusicKind(lead=_CELESTA, chords=_CELESTA, tune="sparse", accompaniment="rolls", octave=1),
    "koto": MusicKind(lead=_KOTO, chords=_KOTO, tune="sparse", accompaniment="rolls", scale=PENTATONIC, bpm=(60, 90)),
    "trance": MusicKind(
        lead=_SYNTH_LEAD,
        chords=_SWEPT_PAD,
        bass=_SYNTH_BASS,
        tune="riff",
        accompaniment="drone",
        bass_line="octaves",
        beat="four",
        scale=MINOR,
        bpm=(130, 140),
    ),
    "drone": MusicKind(chords=_SWEPT_PAD, lead=_FM_BELL, tune="sparse", accompaniment="drone", bpm=(50, 70)),
    "FM brass": MusicKind(lead=_FM_BRASS, chords=_FM_BRASS, tune="fanfare", accompaniment="stabs", bpm=(80, 120)),
    "drums and bass": MusicKind(bass=_SLAP_BASS, bass_line="funk", beat="toms", bpm=(90, 120)),
}
"""Plucked strings, frequency modulation, filtered saws, bars and steel drums."""

MUSIC_KINDS = {**TUNING_KINDS, **HELD_OUT_KINDS}
