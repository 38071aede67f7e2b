"""Known vulnerabilities of everything that requirements.lock pins, for any Python and platform: `make audit`.

pip-audit asks OSV, and not the package index: an index that knows of no vulnerabilities, as a mirror does, would answer
that there are none. What could not be asked is a failure in one line.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OSV = "https://api.osv.dev/v1/query"


def parts(lock: str) -> list[str]:
    """The lock without markers, so that nothing is left out here; where it pins a package twice, in one more part each
    time."""
    found: list[dict[str, list[str]]] = [{}]
    entry: list[str] = []
    for line in lock.splitlines():
        if pin := re.match(r"([a-z0-9.-]+)(?:\[[^\]]*\])?==[^ ;]+", line):
            entry = [f"{pin[0]} \\"]
            free = next((part for part in found if pin[1] not in part), None)
            if free is None:
                found.append(free := {})
            free[pin[1]] = entry
        elif line.startswith("    --hash"):
            entry.append(line)
    return ["\n".join(line for one in part.values() for line in one) + "\n" for part in found if part]


def asked(part: str, folder: Path, url: str) -> list[dict[str, object]]:
    """What pip-audit says of each pin of a part; raises ValueError with its last line where it did not get to the
    end."""
    requirements, answer = folder / "requirements.txt", folder / "answer.json"
    requirements.write_text(part, encoding="utf-8")
    answer.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "-r",
        str(requirements),
        "--require-hashes",
        "--disable-pip",
    ]
    command += ["-s", "osv", "--osv-url", url, "-f", "json", "-o", str(answer), "--progress-spinner", "off"]
    done = subprocess.run([*command, "--cache-dir", str(folder / "cache")], check=False, capture_output=True, text=True)
    if not answer.exists():
        raise ValueError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return list(json.loads(answer.read_text(encoding="utf-8"))["dependencies"])


def audit(lock: str, url: str = OSV) -> tuple[int, list[str]]:
    """Exit code and lines: 0 nothing known, 1 not everything could be asked, 3 a vulnerability is known."""
    answers: list[dict[str, object]] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for part in parts(lock):
                answers += asked(part, Path(folder), url)
    except ValueError as err:
        return 1, [f"make audit: not everything was asked, so nothing is known: {url} gave no answer: {err}"]
    lines = []
    for one in answers:
        for known in one.get("vulns", []):  # type: ignore[attr-defined]
            fixed = ", ".join(known["fix_versions"]) or "no version yet"
            lines.append(f"{one['name']} {one['version']}: {known['id']}, repaired in {fixed}")
    pins = len(re.findall(r"^[a-z0-9.-]+(?:\[[^\]]*\])?==", lock, re.MULTILINE))
    asked_for = sum("skip_reason" not in one for one in answers)
    if asked_for != pins:
        return 1, [*lines, f"make audit: {asked_for} of {pins} pins were asked for, so the rest is unknown"]
    if lines:
        return 3, [*sorted(lines), f"make audit: {len(lines)} known in {pins} pins"]
    return 0, [f"{pins} pins, no known vulnerability"]


if __name__ == "__main__":
    code, said = audit((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    print("\n".join(said), file=sys.stderr if code else sys.stdout)
    sys.exit(code)
