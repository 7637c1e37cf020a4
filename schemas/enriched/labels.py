"""Table labels."""

from callbeam.schemas import STRING, Column, Table, measure
from callbeam.schemas.enriched.said_columns import OF_SAID, OFFSETS, PROVENANCE, ROLE

LABELS: Table = Table(
    name="labels",
    row="a judgement by another system or a person: about a call, a stretch of it, a segment or a unit",
    key=("call_id", "source", "name", "label_id", "job_id"),
    enriched=True,
    columns=(
        *OF_SAID,
        Column("label_id", STRING, "Names the label: a hash of what it says."),
        Column(
            "name",
            STRING,
            "What is judged: sentiment, sentiment_overall, sentiment_quarter, voice_tone, voice_tone_score, loudness, "
            "category, issue, outcome, action_item, summary, interruption, non_talk, redaction, agent, talk_speed, a "
            "column of calls that the source has a figure for, or what people name.",
        ),
        Column(
            "value",
            STRING,
            "The class or text; NULL without one, or where the text policy withholds it.",
            nullable=True,
        ),
        measure("score", "The figure, on scale."),
        Column("scale", STRING, "Range or unit of the score: -5..5, 0..1, ms, count.", nullable=True),
        Column("annotator", STRING, "Who judged, where that is a person.", nullable=True),
        ROLE,
        *OFFSETS,
        Column("source_segment_id", STRING, "The segment that it is about.", nullable=True),
        Column("unit_id", STRING, "The unit of sentiment_inputs, or the utterance, that it is about.", nullable=True),
        *PROVENANCE,
    ),
)
