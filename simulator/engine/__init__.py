"""The desk in motion, on SimPy. Files in reading order: ``parts`` (tickets, agents, pools), ``walk`` (how far work gets),
``core`` (the flow), ``ages``, ``urgent`` (work broken off), ``apart`` (customers), ``together`` (outages, war rooms, help),
``ledger`` (what is written down)."""
