"""The notebooks by papermill, in order, in one process."""

from onetrail.runner.notebooks import NotebookUnfit
from onetrail.runner.result import StepResult
from onetrail.runner.run import RunResult, run

__all__ = ["NotebookUnfit", "RunResult", "StepResult", "run"]
