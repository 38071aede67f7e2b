"""Policy texts as AWS holds them: compared, kept byte for byte, and put back.

Stands between `change`, which sends plans and knows of texts only what `TextKeeper` says, and `aws`, which reads what AWS holds and
opens a gate with a keeper.
"""

from onetrail.policies.closings import closing_of
from onetrail.policies.keeper import PolicyKeeper
from onetrail.policies.restore import Restores
from onetrail.policies.texts import Texts

__all__ = ["PolicyKeeper", "Restores", "Texts", "closing_of"]
