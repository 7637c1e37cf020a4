from .estimating import Estimate as Estimate
from .estimating import estimate as estimate
from .estimating import figures as figures
from .plan_totals import Plan as Plan
from .plan_totals import summarise as summarise

__all__ = [
    "Estimate",
    "Plan",
    "estimate",
    "figures",
    "summarise",
]
