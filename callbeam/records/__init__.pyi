from .addresses import Keeping as Keeping
from .addresses import normalised_address as normalised_address
from .addresses import subject_key as subject_key
from .call_list import COLUMNS as COLUMNS
from .contacts import Contact as Contact
from .contacts import merge_statements as merge_statements
from .identification import PUBLISHERS as PUBLISHERS
from .identification import Publisher as Publisher
from .identification import identify_record as identify_record
from .record_reading import RecordsRead as RecordsRead
from .record_reading import open_objects as open_objects
from .record_reading import read_records as read_records
from .record_reading import read_statements as read_statements
from .record_reading import shape_of as shape_of
from .record_times import epoch_ms as epoch_ms
from .record_values import child as child
from .record_values import children as children
from .record_values import end_of_arn as end_of_arn
from .record_values import identifier as identifier
from .record_values import truth as truth
from .refusals import BadRecord as BadRecord
from .refusals import RecordError as RecordError
from .refusals import masked_sample as masked_sample
from .refusals import why_unread as why_unread
from .siprec import SiprecMetadata as SiprecMetadata
from .siprec import read_siprec as read_siprec
from .statements import CONTACT_RECORD as CONTACT_RECORD
from .statements import PRECEDENCE as PRECEDENCE
from .statements import ContactFacts as ContactFacts
from .statements import Mark as Mark
from .statements import Statement as Statement
from .statements import StreamingSession as StreamingSession

__all__ = [
    "COLUMNS",
    "CONTACT_RECORD",
    "PRECEDENCE",
    "PUBLISHERS",
    "BadRecord",
    "Contact",
    "ContactFacts",
    "Keeping",
    "Mark",
    "Publisher",
    "RecordError",
    "RecordsRead",
    "SiprecMetadata",
    "Statement",
    "StreamingSession",
    "child",
    "children",
    "end_of_arn",
    "epoch_ms",
    "identifier",
    "identify_record",
    "masked_sample",
    "merge_statements",
    "normalised_address",
    "open_objects",
    "read_records",
    "read_siprec",
    "read_statements",
    "shape_of",
    "subject_key",
    "truth",
    "why_unread",
]
