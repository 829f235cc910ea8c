"""演练 drill: a county with known truth, played through the whole system, and what differed."""

from app.drill.result import DrillResult, Finding
from app.drill.run import run_drill

__all__ = ["DrillResult", "Finding", "run_drill"]
