"""What a plan comes to: the effect of each change, and the whole in words and numbers."""

from onetrail.change.consequence.effects import CALLS, LEGEND, effect_of, reversible, sign
from onetrail.change.consequence.sums import Consequence, consequence
from onetrail.change.plan import Effect, Reversible

__all__ = ["CALLS", "LEGEND", "Consequence", "Effect", "Reversible", "consequence", "effect_of", "reversible", "sign"]
