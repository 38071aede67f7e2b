"""Sessions, accounts, regions, and the guarded clients through which every call passes."""

from onetrail.aws.clients import Clients
from onetrail.aws.gate import open_gate
from onetrail.aws.look import look, look_for, look_for_bucket, pages, pages_for

__all__ = ["Clients", "look", "look_for", "look_for_bucket", "open_gate", "pages", "pages_for"]
