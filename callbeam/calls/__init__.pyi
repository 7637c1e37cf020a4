from .calls_under_way import start_before as start_before
from .contact_planning import ContactPlan as ContactPlan
from .contact_planning import Exclusion as Exclusion
from .contact_planning import PlacedContacts as PlacedContacts
from .contact_planning import PlannedJob as PlannedJob
from .contact_planning import exclusions as exclusions
from .contact_planning import has_ended as has_ended
from .contact_planning import leg_roles as leg_roles
from .contact_planning import place_contacts as place_contacts
from .contact_planning import plan_contacts as plan_contacts
from .contact_planning import plan_recorded as plan_recorded
from .followed_leg import KeptLeg as KeptLeg
from .followed_leg import LegMemory as LegMemory
from .identity import identify as identify
from .inspection import LegSurvey as LegSurvey
from .inspection import TrackReport as TrackReport
from .inspection import report_tracks as report_tracks
from .inspection import survey_legs as survey_legs
from .lane_reader import read_lane as read_lane
from .lane_reader import resume_lane as resume_lane
from .leg_of_fragment import call_at as call_at
from .leg_of_fragment import find_fragment as find_fragment
from .leg_of_fragment import read_leg_of as read_leg_of
from .ownership import CallDecision as CallDecision
from .ownership import CallStatus as CallStatus
from .ownership import decide_call as decide_call
from .pieces import CLOCK_STEPPED as CLOCK_STEPPED
from .pieces import CallIdentity as CallIdentity
from .pieces import DeadLetter as DeadLetter
from .pieces import LedgerRow as LedgerRow
from .pieces import Leg as Leg
from .pieces import LegEnd as LegEnd
from .pieces import Notice as Notice
from .pieces import Piece as Piece
from .recorded_leg import RECORDINGS_SOURCE as RECORDINGS_SOURCE
from .recorded_leg import Recorded as Recorded
from .recorded_leg import RecordedLeg as RecordedLeg
from .roles import AGENT as AGENT
from .roles import CUSTOMER as CUSTOMER
from .roles import LegRole as LegRole
from .roles import leg_role as leg_role
from .roles import parse_role_map as parse_role_map
from .roles import participant_role as participant_role
from .sought_calls import contact_begin_ms as contact_begin_ms
from .sought_calls import session_span as session_span

__all__ = [
    "AGENT",
    "CLOCK_STEPPED",
    "CUSTOMER",
    "RECORDINGS_SOURCE",
    "CallDecision",
    "CallIdentity",
    "CallStatus",
    "ContactPlan",
    "DeadLetter",
    "Exclusion",
    "KeptLeg",
    "LedgerRow",
    "Leg",
    "LegEnd",
    "LegMemory",
    "LegRole",
    "LegSurvey",
    "Notice",
    "Piece",
    "PlacedContacts",
    "PlannedJob",
    "Recorded",
    "RecordedLeg",
    "TrackReport",
    "call_at",
    "contact_begin_ms",
    "decide_call",
    "exclusions",
    "find_fragment",
    "has_ended",
    "identify",
    "leg_role",
    "leg_roles",
    "parse_role_map",
    "participant_role",
    "place_contacts",
    "plan_contacts",
    "plan_recorded",
    "read_lane",
    "read_leg_of",
    "report_tracks",
    "resume_lane",
    "session_span",
    "start_before",
    "survey_legs",
]
