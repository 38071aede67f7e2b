"""Sessions, accounts, regions, and the guarded clients through which every call passes."""

from onetrail.aws.clients import Clients
from onetrail.aws.look import Look, Seen, look, pages

__all__ = ["Clients", "Look", "Seen", "look", "pages"]
