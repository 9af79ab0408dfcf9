"""The desk in motion, on SimPy.

Files in reading order: ``parts`` (tickets, agents, pools), ``ledger``, ``goes`` and ``books`` (what is written down),
``floor`` (who takes what), ``stays``, ``walk`` and ``progress`` (what is done, and how far it gets), ``scripts`` (what
goes in one go, worked out for many tickets together), ``coming`` (how tickets come), ``core`` (the flow), ``ages`` and
``timers`` (what falls due while nobody works on a ticket), ``urgent`` (work broken off), ``apart`` (customers),
``returns`` (what is handed back), ``together`` (outages, war rooms, help), ``plain`` (a desk with nothing but work) and
``forward`` (one where nothing is sent back).
"""
