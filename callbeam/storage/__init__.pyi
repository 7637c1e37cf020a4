from .interface import ObjectInfo as ObjectInfo
from .interface import ObjectStore as ObjectStore
from .interface import StorageConfig as StorageConfig
from .interface import StorageError as StorageError
from .interface import UnreachableError as UnreachableError
from .object_settings import ENCRYPTIONS as ENCRYPTIONS
from .object_settings import STORAGE_CLASSES as STORAGE_CLASSES
from .object_settings import ObjectSettings as ObjectSettings
from .object_settings import check_settings as check_settings
from .objects import check_writable as check_writable
from .objects import open_store as open_store
from .objects import resolve_config as resolve_config
from .s3 import INTERACTIVE_PATIENCE_S as INTERACTIVE_PATIENCE_S

__all__ = [
    "ENCRYPTIONS",
    "INTERACTIVE_PATIENCE_S",
    "STORAGE_CLASSES",
    "ObjectInfo",
    "ObjectSettings",
    "ObjectStore",
    "StorageConfig",
    "StorageError",
    "UnreachableError",
    "check_settings",
    "check_writable",
    "open_store",
    "resolve_config",
]
