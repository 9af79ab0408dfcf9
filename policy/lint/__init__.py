"""Proving things about a policy: over every situation there can be, not only over examples.

Reading order:

- ``diagram``, ``space``: all situations as one diagram; ``cells``: from a part of it to a situation in hand
- ``findings``: what the check says, and every code of it; ``examples``: situations, put to the rulebook first
- ``acts``: what rules demand, allow and forbid, and where; ``since``: from when they hold; ``cover``: fewest covers
- ``coverage``, ``conflict``, ``dead``, ``paths``, ``times`` (with ``span``), ``names``: one property each
- ``wording``: conditions in words; ``report``: the whole check

``docs/lint.md`` explains the codes.
"""
