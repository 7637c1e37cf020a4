from .config import AWS_QUOTAS as AWS_QUOTAS
from .config import EmulatorConfig as EmulatorConfig
from .config import ListingOrder as ListingOrder
from .config import Quotas as Quotas
from .config import TagVocabulary as TagVocabulary
from .emulator import Emulator as Emulator
from .faults import Fault as Fault
from .faults import read_fault_plan as read_fault_plan

__all__ = [
    "AWS_QUOTAS",
    "Emulator",
    "EmulatorConfig",
    "Fault",
    "ListingOrder",
    "Quotas",
    "TagVocabulary",
    "read_fault_plan",
]
