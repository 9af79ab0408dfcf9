"""What becomes of duties, and what is right and wrong about deeds, judged against the rulebook's verdicts.

The grader, the desk's audit and the weekly review read with the same eyes. Files in reading order:

- ``findings``: a duty as it went, an act that was not right
- ``ledger``: keeps the account of a ticket while verdicts and deeds come in
"""

from policy.judging.findings import EPSILON, Duty, Kind, Misstep
from policy.judging.ledger import Ledger, Ruling

__all__ = ["EPSILON", "Duty", "Kind", "Ledger", "Misstep", "Ruling"]
