from .demo_calls import make_demo as make_demo
from .made_call import CallSpec as CallSpec
from .made_call import MadeCall as MadeCall
from .made_call import make_call as make_call
from .made_records import contact_record as contact_record
from .made_records import start_lca_event as start_lca_event
from .made_records import streaming_events as streaming_events
from .made_records import write_lines as write_lines
from .made_records import write_records as write_records
from .made_stream_records import call_analytics_records as call_analytics_records
from .made_stream_records import live_call_records as live_call_records
from .made_stream_records import write_call_analytics as write_call_analytics
from .made_transcripts import contact_lens_events as contact_lens_events
from .made_transcripts import contact_lens_file as contact_lens_file
from .made_transcripts import write_contact_lens as write_contact_lens
from .random_calls import varied_call as varied_call
from .recorded_calls import LCA_FOLDER as LCA_FOLDER
from .recorded_calls import RecordedCall as RecordedCall
from .recorded_calls import make_recorded as make_recorded
from .script import AGENT as AGENT
from .script import CUSTOMER as CUSTOMER
from .script import ROLES as ROLES
from .script import ConversationSpec as ConversationSpec
from .service_turns import MadeTurn as MadeTurn
from .service_turns import made_turns as made_turns
from .stream_calls import connect_fragments_from_pcm as connect_fragments_from_pcm
from .stream_calls import write_chime as write_chime
from .stream_calls import write_connect as write_connect
from .talk_truth import AGENT_PHASE as AGENT_PHASE
from .talk_truth import TalkFigures as TalkFigures
from .talk_truth import heard_speech as heard_speech
from .talk_truth import non_talk as non_talk
from .talk_truth import talk_figures as talk_figures
from .telephone_line import LineConditions as LineConditions
from .telephone_line import band_pass as band_pass
from .telephone_line import noise as noise
from .telephone_line import quantise as quantise
from .truth import CallTruth as CallTruth
from .truth import ChannelTruth as ChannelTruth
from .truth import load_truth as load_truth

__all__ = [
    "AGENT",
    "AGENT_PHASE",
    "CUSTOMER",
    "LCA_FOLDER",
    "ROLES",
    "CallSpec",
    "CallTruth",
    "ChannelTruth",
    "ConversationSpec",
    "LineConditions",
    "MadeCall",
    "MadeTurn",
    "RecordedCall",
    "TalkFigures",
    "band_pass",
    "call_analytics_records",
    "connect_fragments_from_pcm",
    "contact_lens_events",
    "contact_lens_file",
    "contact_record",
    "heard_speech",
    "live_call_records",
    "load_truth",
    "made_turns",
    "make_call",
    "make_demo",
    "make_recorded",
    "noise",
    "non_talk",
    "quantise",
    "start_lca_event",
    "streaming_events",
    "talk_figures",
    "varied_call",
    "write_call_analytics",
    "write_chime",
    "write_connect",
    "write_contact_lens",
    "write_lines",
    "write_records",
]
