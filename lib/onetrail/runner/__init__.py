"""The notebooks by papermill, in order, in one process."""

from onetrail.lazily import without

# Half of a run's start: jsonschema compiles a grammar of international addresses, which no notebook holds, and
# papermill a file system of Hadoop.
with without("rfc3987_syntax", "pyarrow.fs"):
    from onetrail.runner.notebooks import NotebookUnfit
    from onetrail.runner.result import StepResult
    from onetrail.runner.run import RunResult, run

__all__ = ["NotebookUnfit", "RunResult", "StepResult", "run"]
