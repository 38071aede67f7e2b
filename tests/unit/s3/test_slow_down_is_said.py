"""A person hears that S3 asks to slow down, and not once for each call."""

from onetrail.s3.http.channel import SLOW_SECONDS, Limits, Silence
from onetrail.s3.http.pace import Backoff


def test_it_is_said_once_in_a_while_however_many_calls_it_is_about():
    """A thousand answers of one moment are one line. Twin: as long as it goes on, it is said again."""
    said = []
    silence = Silence(Limits(448, 60.0, 10, Backoff(), 15.0), said.append)
    for _ in range(1000):
        silence.slow(100.0)
    assert said == ["S3 asks to slow down"]
    silence.slow(100.0 + SLOW_SECONDS)
    assert len(said) == 2
