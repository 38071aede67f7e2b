"""Policy texts as AWS holds them: compared, kept byte for byte, and put back.

Stands between `change`, which sends plans and knows of texts only what `TextStore` says, and `aws`, which reads what
AWS holds and opens a gate with a store.
"""

from onetrail.policies.closings import closing_of
from onetrail.policies.restore import Restores
from onetrail.policies.store import PolicyStore
from onetrail.policies.texts import Texts

__all__ = ["PolicyStore", "Restores", "Texts", "closing_of"]
