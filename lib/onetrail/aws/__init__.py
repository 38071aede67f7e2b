"""Sessions, accounts, regions, and the guarded clients through which every call passes."""

from onetrail.aws.clients import Clients
from onetrail.aws.gate import open_gate
from onetrail.aws.look import look, look_for, pages, pages_for

__all__ = ["Clients", "look", "look_for", "open_gate", "pages", "pages_for"]
