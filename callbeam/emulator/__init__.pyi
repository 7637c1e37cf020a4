from .config import AWS_QUOTAS as AWS_QUOTAS
from .config import EmulatorConfig as EmulatorConfig
from .config import ListingOrder as ListingOrder
from .config import Quotas as Quotas
from .config import TagVocabulary as TagVocabulary
from .emulator import Emulator as Emulator
from .faults import Fault as Fault
from .faults import read_fault_plan as read_fault_plan
from .loading import load_captures as load_captures
from .rendering import media_for_fragment_list as media_for_fragment_list

__all__ = [
    "AWS_QUOTAS",
    "Emulator",
    "EmulatorConfig",
    "Fault",
    "ListingOrder",
    "Quotas",
    "TagVocabulary",
    "load_captures",
    "media_for_fragment_list",
    "read_fault_plan",
]
