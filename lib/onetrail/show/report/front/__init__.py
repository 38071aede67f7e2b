"""What stands before the findings: title, scope, version and parameters, method and limits, and the summary."""
