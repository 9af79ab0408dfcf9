"""Proving things about a policy: over every situation there can be, not only over examples.

Reading order:

- ``diagram``, ``axioms``, ``space``: all situations as one diagram; ``cells``, ``lifetimes``: from it to one in hand
- ``findings``: what the check says, and every code of it; ``examples``: situations, put to the rulebook first
- ``acts``: what rules demand, allow and forbid, and where; ``since``: from when they hold; ``cover``: fewest covers
- ``coverage``, ``conflict``, ``dead`` and ``idle``, ``paths`` and ``hours``, ``times`` (with ``span``) and ``pauses``,
  ``names``: one property each
- ``wording``: conditions in words; ``report``: the whole check

``docs/lint.md`` explains the codes.
"""
