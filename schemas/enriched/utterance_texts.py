"""Table utterance_texts."""

import pyarrow as pa

from callbeam.schemas import OF_CHANNEL, STRING, Column, Table, measure

UTTERANCE_TEXTS: Table = Table(
    name="utterance_texts",
    row="what one source has for an utterance",
    key=("call_id", "begin_offset_ms", "utterance_id", "source", "job_id"),
    enriched=True,
    columns=(
        *OF_CHANNEL,
        Column("utterance_id", STRING, "Joins utterances."),
        Column("source", STRING, "Who says it, as in segments."),
        Column("begin_offset_ms", pa.int32(), "Where the utterance begins, from the call's start."),
        Column("end_offset_ms", pa.int32(), "Where it ends."),
        Column("text", STRING, "What was said; NULL if withheld, or in a neighbour's text.", nullable=True),
        Column(
            "text_status",
            STRING,
            "words: the words that were said in it, by their times; segment: of segments without times of words, those "
            "that lie in it most; in_neighbour: it holds part of such a segment, whose text the utterance has in which "
            "most of it lies; withheld: the text policy gives no text.",
        ),
        Column("word_count", pa.int32(), "Words of text; NULL without.", nullable=True),
        measure("words_per_minute", "word_count by the utterance's duration; NULL unless text_status is words."),
        Column("source_segment_ids", pa.list_(pa.string()), "The segments that it holds some of, in order."),
    ),
)
