"""What `make exhaustive` says at its end: how many processes were killed, and at how many places."""

import pytest


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The kills that tests noted as a property, added up; nothing where there were none."""
    kills = 0
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            if report.when == "call":
                kills += sum(int(value) for name, value in report.user_properties if name == "kills")
    if kills and terminalreporter.config.getoption("-m") == "exhaustive":
        terminalreporter.write_line(f"{kills} kills and signals, each followed by a look at what stands.")
