"""The readable twin of the desk: one SimPy process for each ticket, written to be read, not to be fast.

It plays the desk of :mod:`simulator.engine` anew, from what a desk file and a policy *mean*: the same compiled numbers
(:class:`~simulator.model.DeskModel`) and the same chance (:mod:`simulator.draws`), and nothing of the engine. Both
have to give the same tables, bit for bit; lengths are whole multiples of 2⁻²⁰ minutes, so that no sum depends on the
order in which it is added up.

Files in reading order: ``hours`` (open minutes, counted one stretch after the other), ``tickets`` (a ticket and what
is to be done for it), ``people`` (agents and those who wait for them), ``plans`` (what an agent is going to do); then
the desk, each file adding to the one before: ``books`` (what is written down), ``work`` (on a ticket), ``moves`` (from
tier to tier), ``customers`` (asked, coming back), ``together`` (outages, war rooms, help), ``desk`` (the life of a
ticket).

What happens at the same instant
--------------------------------
Chance seldom lets two things happen at one instant, but shifts and calendars do. Where the order matters it is this:

- a part of work that is done counts before a timer, and the timers in the order: no progress, unresolved, age; the end
  of the shift comes last;
- an update of the customer that is due when a part of work is done belongs to that part; one that is due when a timer
  is over belongs to whoever has the ticket next;
- work that is over at this very instant is not broken off;
- an agent who hands a ticket over is free before the ticket is offered to the next tier;
- when a shift begins, those who have nothing in hand serve the queue first, then the others go on with what they have;
- of agents who are free, the one who has been so for longest takes a ticket, at the beginning the first by number;
- of tickets, the most urgent is taken; then those whose work was broken off, in the order in which they came to the
  tier; then the others in the order in which they began to wait. An agent of several tiers takes the most urgent of
  all, then the one that has been in its tier for longest, then that of the home tier.

Where two tickets do the same thing at one instant (two that are handed over without taking any time, two agents who
put their tickets back at the end of one shift, two timers that began when a calendar opened), the order is that in
which the engine happened to begin with them, and nothing in the desk file decides it: the random desks of the tests
seldom have such ties, and those that do are not compared.
"""
