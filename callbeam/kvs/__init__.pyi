from .client import KvsClient as KvsClient
from .client import shared_client as shared_client
from .config import KvsConfig as KvsConfig
from .fragments import LOST as LOST
from .fragments import NOT_OURS as NOT_OURS
from .fragments import FetchedFragment as FetchedFragment
from .fragments import FragmentSource as FragmentSource
from .fragments import FragmentStatus as FragmentStatus
from .fragments import ListedFragment as ListedFragment
from .lanes import HOUR_MS as HOUR_MS
from .lanes import LEG_SKEW_MS as LEG_SKEW_MS
from .lanes import CallFilter as CallFilter
from .lanes import Job as Job
from .lanes import Lane as Lane
from .lanes import Sought as Sought
from .lanes import Stream as Stream
from .lanes import Stretch as Stretch
from .lanes import Unit as Unit
from .listing import PAGE_FRAGMENTS as PAGE_FRAGMENTS
from .outcome import judge_at_hand as judge_at_hand
from .planning import DAY_MS as DAY_MS
from .planning import STREAMS_TOGETHER as STREAMS_TOGETHER
from .planning import in_reading_order as in_reading_order
from .planning import is_empty as is_empty
from .planning import job_id_of as job_id_of
from .planning import listing_parts as listing_parts
from .planning import make_job as make_job
from .planning import plan_jobs as plan_jobs
from .planning import plan_lanes as plan_lanes
from .planning import shares_of as shares_of
from .selectors import NoStreamError as NoStreamError
from .service_errors import KvsError as KvsError

__all__ = [
    "DAY_MS",
    "HOUR_MS",
    "LEG_SKEW_MS",
    "LOST",
    "NOT_OURS",
    "PAGE_FRAGMENTS",
    "STREAMS_TOGETHER",
    "CallFilter",
    "FetchedFragment",
    "FragmentSource",
    "FragmentStatus",
    "Job",
    "KvsClient",
    "KvsConfig",
    "KvsError",
    "Lane",
    "ListedFragment",
    "NoStreamError",
    "Sought",
    "Stream",
    "Stretch",
    "Unit",
    "in_reading_order",
    "is_empty",
    "job_id_of",
    "judge_at_hand",
    "listing_parts",
    "make_job",
    "plan_jobs",
    "plan_lanes",
    "shared_client",
    "shares_of",
]
