from . import ids as ids
from .aws_tags import insert_aws_tags as insert_aws_tags
from .aws_tags import strip_aws_tags as strip_aws_tags
from .build import aws_tags_element as aws_tags_element
from .build import element_id_bytes as element_id_bytes
from .build import unknown_size as unknown_size
from .capture_file import open_capture as open_capture
from .capture_file import printable as printable
from .document import PADDING as PADDING
from .document import Block as Block
from .document import Document as Document
from .document import Track as Track
from .document import trimmed_name as trimmed_name
from .ebml import UNKNOWN as UNKNOWN
from .ebml import MkvError as MkvError
from .ebml import TruncatedError as TruncatedError
from .ebml import children as children
from .ebml import read_element as read_element
from .ebml import read_uint as read_uint
from .foreign import HEAD_BYTES as HEAD_BYTES
from .foreign import foreign_format as foreign_format
from .fragment import CONTINUATION_TOKEN as CONTINUATION_TOKEN
from .fragment import ERROR_CODE as ERROR_CODE
from .fragment import ERROR_ID as ERROR_ID
from .fragment import EXCEPTION_ERROR_CODE as EXCEPTION_ERROR_CODE
from .fragment import EXCEPTION_MESSAGE as EXCEPTION_MESSAGE
from .fragment import FRAGMENT_NUMBER as FRAGMENT_NUMBER
from .fragment import MILLIS_BEHIND_NOW as MILLIS_BEHIND_NOW
from .fragment import PRODUCER_SIDE_TIMESTAMP as PRODUCER_SIDE_TIMESTAMP
from .fragment import PRODUCER_TIMESTAMP as PRODUCER_TIMESTAMP
from .fragment import SERVER_SIDE_TIMESTAMP as SERVER_SIDE_TIMESTAMP
from .fragment import SERVER_TIMESTAMP as SERVER_TIMESTAMP
from .fragment import FragmentTags as FragmentTags
from .fragment import fragment_tags as fragment_tags
from .reader import read_documents as read_documents
from .writer import CHIME as CHIME
from .writer import CONNECT as CONNECT
from .writer import LIBAV as LIBAV
from .writer import BlockSpec as BlockSpec
from .writer import Dialect as Dialect
from .writer import TrackSpec as TrackSpec
from .writer import error_document as error_document
from .writer import write_fragment as write_fragment

__all__ = [
    "CHIME",
    "CONNECT",
    "CONTINUATION_TOKEN",
    "ERROR_CODE",
    "ERROR_ID",
    "EXCEPTION_ERROR_CODE",
    "EXCEPTION_MESSAGE",
    "FRAGMENT_NUMBER",
    "HEAD_BYTES",
    "LIBAV",
    "MILLIS_BEHIND_NOW",
    "PADDING",
    "PRODUCER_SIDE_TIMESTAMP",
    "PRODUCER_TIMESTAMP",
    "SERVER_SIDE_TIMESTAMP",
    "SERVER_TIMESTAMP",
    "UNKNOWN",
    "Block",
    "BlockSpec",
    "Dialect",
    "Document",
    "FragmentTags",
    "MkvError",
    "Track",
    "TrackSpec",
    "TruncatedError",
    "aws_tags_element",
    "children",
    "element_id_bytes",
    "error_document",
    "foreign_format",
    "fragment_tags",
    "ids",
    "insert_aws_tags",
    "open_capture",
    "printable",
    "read_documents",
    "read_element",
    "read_uint",
    "strip_aws_tags",
    "trimmed_name",
    "unknown_size",
    "write_fragment",
]
