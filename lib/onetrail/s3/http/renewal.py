"""What calls are signed with, made right while they run: credentials that ended are renewed, and a clock that is off
goes by S3's."""

import threading
from collections.abc import Callable

from onetrail.s3.http.retries import ENDED_CODES, SKEW_SECONDS, SKEWED_CODE, ahead_seconds
from onetrail.s3.http.sign import SignedWith, Signer
from onetrail.s3.http.transport import Answer


class Renewal:
    """One for all calls of a client: what several of them were refused for is put right once, and `tell` gets a line
    about it.

    `renew` makes the session look for fresh credentials; the clock is corrected where `correct_clock` says so.
    """

    def __init__(
        self, signer: Signer, renew: Callable[[], None], correct_clock: bool, tell: Callable[[str], None]
    ) -> None:
        self._signer = signer
        self._renew = renew
        self._correct_clock = correct_clock
        self._tell = tell
        self._lock = threading.Lock()
        self._renewed: tuple[str, str, str] | None = None

    def helps(self, signed_with: SignedWith, answer: Answer, code: str) -> bool:
        """True where the same call, signed once more, may be let in: with fresh credentials, or with a corrected
        clock."""
        signer = self._signer
        with self._lock:
            if code in ENDED_CODES:
                if self._renewed != signed_with.identity:
                    self._renewed = signed_with.identity
                    self._tell("the credentials ended; looking for fresh ones")
                    self._renew()
                    signer.ask_again()
                return True
            if not self._correct_clock or answer.status not in (400, 403):
                return False
            if signer.skew_seconds != signed_with.skew_seconds:
                return True
            ahead = ahead_seconds(answer, signer.off_by)
            if abs(ahead) < (SKEW_SECONDS if code != SKEWED_CODE else 1.0):
                return False
            signer.skew_seconds += ahead
            self._tell(
                f"this machine's clock is {abs(ahead) / 60:.0f} minutes {'slow' if ahead > 0 else 'fast'}; requests go"
                " by S3's: set the clock right"
            )
            return True
