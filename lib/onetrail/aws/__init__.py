"""Sessions, accounts, regions, and the guarded clients through which every call passes."""

from onetrail.aws.clients import Clients
from onetrail.aws.gate import open_gate
from onetrail.aws.look import Look, Seen, look, pages

__all__ = ["Clients", "Look", "Seen", "look", "open_gate", "pages"]
