"""A drill without a face: one trainee, one ticket, one clock. App, command line, grader and reference all drive this.

The drill knows how acts change the world and what they cost. What is owed, allowed and forbidden it does not know: it
asks the rulebook for a verdict whenever something may have changed, and shows each verdict and each deed to whoever
watches (a grader's ledger does).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from grading.acts import Act, read_act
from grading.clocks import clock_views
from grading.costs import cost
from grading.errors import ActError
from grading.fit import check_fit
from grading.options import act_options
from grading.transcript import Header, Transcript
from grading.views import ActOption, ClockView, FactView, Message, TicketView
from grading.vocabulary import contents_of, recipient, tags
from grading.world import World
from policy.calendars import to_datetime
from policy.explain import nearest
from policy.rulebook import Rulebook
from policy.situation import RESOLVED, Deed, Situation
from policy.verdict import Verdict
from scenarios import Scenario

_REOPENS_AFTER: Final = 10.0
_EPSILON: Final = 1e-6


class Watcher(Protocol):
    """Somebody who is shown what happens, in order."""

    def observe(self, verdict: Verdict, now: float) -> None:
        """See the verdict that holds from the instant ``now``."""

    def record(self, deed: Deed, verdict: Verdict) -> object:
        """See a deed, with the verdict that held just before it took effect."""


class Drill:
    """A drill from its opening to its horizon. ``do`` moves it; everything else looks.

    Raises:
        InputError: the scenario uses a word that the policy does not have (``fit``).
    """

    def __init__(
        self, scenario: Scenario, rulebook: Rulebook, seed: int = 0, *, watcher: Watcher | None = None
    ) -> None:
        """Open ``scenario`` under ``rulebook``; ``seed`` decides the chances of its world."""
        self.scenario = scenario
        self.rulebook = rulebook
        self.seed = seed
        self.horizon = scenario.horizon
        check_fit(scenario, rulebook.policy)
        self._world = World(scenario, rulebook, seed)
        self._watchers: list[Watcher] = [] if watcher is None else [watcher]
        self._acts: list[Act] = []
        self._steps: list[tuple[float, float, Act]] = []
        self._over = False
        self.verdict = self._look()

    # -- what can be seen --------------------------------------------------------------------------------------

    @property
    def minute(self) -> float:
        """Minutes since the opening."""
        return self._world.minute

    @property
    def ended(self) -> bool:
        """Whether the horizon is reached or the drill was finished."""
        return self._over or self.minute >= self.horizon - _EPSILON

    @property
    def header(self) -> Header:
        """The transcript's first line."""
        policy = self.rulebook.policy
        return Header(self.scenario.id, self.seed, policy.name, policy.digest)

    @property
    def situation(self) -> Situation:
        """What the seat knows now."""
        return self._world.situation()

    @property
    def ticket(self) -> TicketView:
        """The ticket as it stands."""
        ticket, policy, world = self.scenario.ticket, self.rulebook.policy, self._world
        yours = world.tier == self.scenario.seat
        return TicketView(
            number=ticket.number,
            customer=ticket.customer.name,
            company=ticket.customer.company,
            plan=policy.label(ticket.customer.plan),
            category=policy.label(ticket.category),
            opened_text=f"{to_datetime(self.scenario.opens):%a %d %b %Y, %H:%M} UTC",
            subject=ticket.subject,
            tier=world.tier,
            holder=f"{policy.label(world.tier)} (you)" if yours else policy.label(world.tier),
            status=world.status,
            priority=world.stated_priority,
            account_value=ticket.customer.account_value,
            health=ticket.customer.health,
            previous_escalations=ticket.customer.previous_escalations,
            channel=ticket.channel,
            yours=yours,
        )

    @property
    def conversation(self) -> tuple[Message, ...]:
        """Everything said so far, oldest first."""
        return tuple(self._world.messages)

    @property
    def facts(self) -> tuple[FactView, ...]:
        """Everything found out so far, oldest first."""
        return tuple(self._world.facts)

    @property
    def steps(self) -> tuple[tuple[float, float, Act], ...]:
        """The acts done so far, each with the minute it was begun and the minute it was completed."""
        return tuple(self._steps)

    def acknowledged(self) -> Mapping[str, float]:
        """Return the teams that acknowledged what they were handed, and the instants."""
        return dict(self._world.acknowledged)

    def next_event_minute(self) -> float | None:
        """Return the next minute at which something happens by itself or a timer of the rulebook flips."""
        change = self.rulebook.next_change(self._world.situation(), self.verdict)
        instants = [self._world.next_event(), change]
        known = [t for t in instants if t is not None]
        return round(min(known) - self.scenario.opens, 6) if known else None

    def clocks(self) -> tuple[ClockView, ...]:
        """Return the ticket's clocks as the desk's system shows them: by plan, tier and the priority on the ticket."""
        return clock_views(self._world, self.rulebook)

    def options(self) -> tuple[ActOption, ...]:
        """Return what can be done now and what it costs; what the procedure thinks of it is another matter."""
        return () if self.ended else act_options(self._world, self.rulebook, self.cost)

    def transcript(self) -> Transcript:
        """Return what was done, ready to be written or graded."""
        return Transcript(self.header, tuple(self._acts))

    # -- what can be done --------------------------------------------------------------------------------------

    def do(self, act: Mapping[str, Any] | Act) -> tuple[Message, ...]:
        """Do an act: its minutes pass, then it takes effect. Return what was said meanwhile.

        An act that would be completed only after the horizon runs into it and has no effect.

        Raises:
            ActError: unknown, malformed or impossible; nothing is recorded and no time passes. The drill is over.
        """
        if self.ended:
            raise ActError("the drill is over; nothing more can be done")
        known = act if isinstance(act, Act) else read_act(act)
        deeds = self._deeds(known)
        said = len(self._world.messages)
        begun = max(self.minute, known.minute or 0.0)
        done = begun + self.cost(known)
        if done > self.horizon + _EPSILON:
            self._acts.append(Act(known.verb, known.fields, begun, known.line))
            self.finish()
            return self.conversation[said:]
        self._advance(begun)
        self._advance(done)
        self._acts.append(Act(known.verb, known.fields, begun, known.line))
        self._steps.append((begun, self.minute, known))
        came_about = self._effect(known)
        for deed in deeds if came_about else ():
            # A later deed of the same act may be owed only because of the first (hand-off notes of an escalation).
            deed = replace(deed, at=self._world.now, by=self.scenario.seat)
            for watcher in self._watchers:
                watcher.record(deed, self.verdict)
            self._world.add_deed(deed)
            self._look()
        if came_about:
            self._world.react(known)
        self._look()
        return self.conversation[said:]

    def wait_until(self, minute: float) -> tuple[Message, ...]:
        """Let time pass to ``minute`` (at most the horizon) without an act; return what was said meanwhile."""
        said = len(self._world.messages)
        self._advance(minute)
        return self.conversation[said:]

    def finish(self) -> None:
        """Let the rest of the time pass, up to the horizon."""
        self._advance(self.horizon)
        self._over = True

    def cost(self, act: Act) -> float:
        """Return the minutes that an act takes."""
        return cost(self.scenario, act)

    # -- time --------------------------------------------------------------------------------------------------

    def _advance(self, minute: float) -> None:
        """Move to ``minute``, stopping wherever something happens or a timer flips."""
        goal = self.scenario.opens + min(minute, self.horizon)
        while self._world.now < goal:
            change = self.rulebook.next_change(self._world.situation(), self.verdict)
            stops = [self._world.next_event(), change, goal]
            ahead = [t for t in stops if t is not None]
            self._world.move_to(min(goal, max(min(ahead), self._world.now)))
            self._look()

    def _look(self) -> Verdict:
        """Ask for the verdict that holds now, let the clocks follow it, and show it around."""
        verdict = self.rulebook.verdict(self._world.situation())
        if self._world.heed(verdict):
            verdict = self.rulebook.verdict(self._world.situation())
        for watcher in self._watchers:
            watcher.observe(verdict, self._world.now)
        self.verdict = verdict
        return verdict

    # -- what acts are and do ----------------------------------------------------------------------------------

    def _deeds(self, act: Act) -> tuple[Deed, ...]:
        """Return what an act is to the procedure (nothing for waiting), its names looked up."""
        scenario, policy = self.scenario, self.rulebook.policy
        if act.verb == "wait":
            return ()
        what = act.word("what") or ""
        if act.verb == "check" and scenario.check(what) is None:
            names = [check.name for check in scenario.checks]
            raise ActError(f'there is no check "{what}" here{nearest(what, names)}')
        if act.verb == "ask" and scenario.question(what) is None:
            names = [question.name for question in scenario.questions]
            raise ActError(f'there is no question "{what}" here{nearest(what, names)}')
        priority = act.word("priority")
        if priority is not None and priority not in policy.priorities:
            raise ActError(f'there is no priority "{priority}"{nearest(priority, policy.priorities)}')
        to = recipient(act, policy, self._world.tier)
        via = act.word("via")
        if via is not None and via not in policy.doc.vocabulary.channels:
            raise ActError(f'there is no channel "{via}"{nearest(via, policy.doc.vocabulary.channels)}')
        if via is None and act.verb in ("reply", "workaround"):
            via = scenario.ticket.channel
        carried = (*tags(act, policy), *contents_of(act.verb, policy))
        deeds = [Deed(act.verb, to, via, carried)]
        form = tuple(key for key, text in act.fields.get("handoff", {}).items() if text.strip())
        if act.verb == "escalate" and form and "handoff" in policy.doc.vocabulary.acts:
            deeds.append(Deed("handoff", to, via, (*form, *contents_of("handoff", policy))))
        return tuple(deeds)

    def _effect(self, act: Act) -> bool:
        """Let an act change the world; return whether it came about."""
        effects: Mapping[str, Callable[[Act], bool]] = {
            "check": self._check, "ask": self._ask, "set_priority": self._set_priority, "reply": self._say,
            "workaround": self._say, "escalate": self._escalate, "deescalate": self._deescalate,
            "confirm": self._confirm, "resolve": self._resolve,
        }  # fmt: skip
        return effects[act.verb](act) if act.verb in effects else True

    def _check(self, act: Act) -> bool:
        check = self.scenario.check(act.word("what") or "")
        assert check is not None
        if check.name not in self._world.checks:
            self._world.checks[check.name] = self._world.now
            self._world.learn(check.name, check.label, check.shows, check.effect)
        return True

    def _ask(self, act: Act) -> bool:
        question = self.scenario.question(act.word("what") or "")
        assert question is not None
        self._world.say("you", f"({question.label}.)")
        if question.name not in self._world.answered:
            self._world.expect_answer(question.name)
        return True

    def _set_priority(self, act: Act) -> bool:
        self._world.set_priority(act.word("priority") or "")
        return True

    def _say(self, act: Act) -> bool:
        told = [self.rulebook.policy.label(tag) for tag in tags(act, self.rulebook.policy)]
        default = f"({'; '.join(told)}.)" if told else "(A reply without news.)"
        self._world.say("you", act.fields.get("text") or default)
        return True

    def _escalate(self, act: Act) -> bool:
        world, to = self._world, act.word("to") or ""
        if to in self.rulebook.policy.tiers and to != world.tier:
            world.move_to_tier(to)
        if not world.pending(to):
            world.expect_acknowledgement(to)
        world.say("system", f"Escalated to {self.rulebook.policy.label(to)}.")
        return True

    def _deescalate(self, act: Act) -> bool:
        to = act.word("to") or ""
        if self._world.tier != self.scenario.seat or to not in self.rulebook.policy.tiers or to == self._world.tier:
            self._world.say("system", "The ticket stays where it is: only who holds it can send it back.")
            return True
        self._world.move_to_tier(to)
        return True

    def _confirm(self, act: Act) -> bool:
        team = act.word("to")
        known = self._world.acknowledged
        if not known or (team is not None and team not in known):
            who = self.rulebook.policy.label(team) if team else "Nobody"
            said = f"{who} has not acknowledged anything yet." if team else "Nothing has been acknowledged yet."
            self._world.say("system", said)
            return False
        return True

    def _resolve(self, act: Act) -> bool:
        """Close the ticket; as long as nothing was mended, the customer comes back and it is open again."""
        self._world.set_status(RESOLVED)

        def reopens() -> None:
            self._world.set_status("open")
            self._world.say("customer", "This is not solved for us.", self.scenario.ticket.customer.name)

        self._world.after(_REOPENS_AFTER, reopens)
        return True
