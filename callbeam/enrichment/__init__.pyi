from .call_enrichment import CallRows as CallRows
from .call_enrichment import enrich_call as enrich_call
from .clock_shift import LEAST_CONFIDENCE as LEAST_CONFIDENCE
from .clock_shift import Shift as Shift
from .clock_shift import Window as Window
from .clock_shift import find_shift as find_shift
from .named_calls import KnownCall as KnownCall
from .named_calls import NamedCalls as NamedCalls
from .output_enrichment import SOURCE as SOURCE
from .output_enrichment import Enriched as Enriched
from .output_enrichment import enrich as enrich
from .text_linking import Linked as Linked
from .text_linking import Spoken as Spoken
from .text_linking import UtteranceText as UtteranceText
from .text_linking import link as link

__all__ = [
    "LEAST_CONFIDENCE",
    "SOURCE",
    "CallRows",
    "Enriched",
    "KnownCall",
    "Linked",
    "NamedCalls",
    "Shift",
    "Spoken",
    "UtteranceText",
    "Window",
    "enrich",
    "enrich_call",
    "find_shift",
    "link",
]
