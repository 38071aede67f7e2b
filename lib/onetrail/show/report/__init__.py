"""The page an auditor reads: one file, no network, findings first; made from one observation, and the same for the same
one."""

from onetrail.show.report.page import page, sections

__all__ = ["page", "sections"]
