"""Overlays: what they change, what they refuse, and how every value is traced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policy import load_policy
from policy.errors import InputError
from policy.loading import digest
from policy.source import Removed, Step
from policy.yaml_source import load_yaml

BAKERY = Path(__file__).parent / "data" / "drill_policy.yaml"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that holds the bakery's policy, and is the current one."""
    (tmp_path / "bakery.yaml").write_bytes(BAKERY.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def overlay(changes: str, *, name: str = "mine", head: str = "of: bakery") -> str:
    """Write an overlay into the current folder; return what the stack is called."""
    text = f"overlay: {name}\n{head}\nsays: Something.\nwhy: For a test.\nchanges:\n"
    Path(f"{name}.yaml").write_text(text + "".join(f"  {line}\n" for line in changes.splitlines()))
    return f"./bakery.yaml+./{name}.yaml"


def error(ref: str) -> str:
    with pytest.raises(InputError) as caught:
        load_policy(ref)
    return str(caught.value)


pytestmark = pytest.mark.usefixtures("desk")


def test_a_scalar_replaces_and_the_digest_is_that_of_what_results() -> None:
    ref = overlay("tiers: {counter: {no_progress: 45m}}")
    policy = load_policy(ref)
    assert policy.doc.tiers["counter"].no_progress == "45m"
    assert policy.name == "bakery+mine"
    assert [one.name for one in policy.overlays] == ["mine"]
    written = load_yaml(BAKERY).data
    written["tiers"]["counter"]["no_progress"] = "45m"
    assert policy.digest == digest(written) != load_policy("./bakery.yaml").digest


def test_overlays_stack_from_left_to_right_and_sets_come_last() -> None:
    overlay("tiers: {counter: {no_progress: 45m}}", name="a")
    overlay("tiers: {counter: {no_progress: 50m}}", name="b")
    assert load_policy("./bakery.yaml+./a.yaml+./b.yaml").doc.tiers["counter"].no_progress == "50m"
    assert load_policy("./bakery.yaml+./b.yaml+./a.yaml").doc.tiers["counter"].no_progress == "45m"
    policy = load_policy("./bakery.yaml+./a.yaml+./b.yaml", {"tiers.counter.no_progress": "55m"})
    path = ("tiers", "counter", "no_progress")
    assert policy.doc.tiers["counter"].no_progress == "55m"
    assert policy.source.place(path) == "--set policy.tiers.counter.no_progress=55m"
    line = load_yaml(BAKERY).line(path)
    assert [(step.value, step.place) for step in policy.source.replaced[path]] == [
        ("30m", f"./bakery.yaml:{line}"), ("45m", "a.yaml:6"), ("50m", "b.yaml:6"),
    ]  # fmt: skip


def test_a_null_where_a_value_may_be_null() -> None:
    assert load_policy(overlay("tiers: {counter: {no_progress: null}}")).doc.tiers["counter"].no_progress is None
    said = error(overlay("tiers: {counter: {label: null}}", name="wrong"))
    assert said.startswith("wrong.yaml:6: tiers.counter.label: found nothing; expected text")


def test_a_key_that_may_be_there_is_set() -> None:
    policy = load_policy(overlay("tiers: {counter: {unresolved: 2h}}\nrules: {hand.over: {unless: {priority: LOW}}}"))
    assert policy.doc.tiers["counter"].unresolved == "2h"
    rule = next(r for g in policy.doc.groups for r in g.rules if r.id == "hand.over")
    assert rule.unless == {"priority": "LOW"}


def test_rules_by_id_are_changed_removed_and_added() -> None:
    policy = load_policy(overlay("""\
rules:
  hand.over: {oblige: {within: 20m}}
  $remove: [updates, never.blind]
  $add:
    Duties:
      - {id: new.one, source: House rules, says: New., when: {signal: fuse_blown}, oblige: {act: notify, to: office}}
"""))
    ids = [rule.id for rule in policy.rules]
    assert "new.one" in ids
    assert not {"updates", "never.blind"} & set(ids)
    changed = next(rule for rule in policy.rules if rule.id == "hand.over")
    assert changed.obliges[0].within is not None
    assert changed.obliges[0].within.minutes({}, 480) == 20
    assert changed.obliges[0].weight == 3  # the rest of the duty stays
    assert [one.path for one in policy.source.removed] == ["updates", "never.blind"]
    kept = next(p for p, g in enumerate(policy.doc.groups[1].rules) if g.id == "tell.foreman")
    told = policy.source.line(("groups", 1, "rules", kept, "id"))
    assert "tell.foreman" in BAKERY.read_text().splitlines()[(told or 0) - 1]  # lines are right behind what went


def test_a_condition_is_replaced_as_a_whole() -> None:
    policy = load_policy(overlay("rules: {hand.over: {when: {signal: beyond_us}}}"))
    rule = next(r for g in policy.doc.groups for r in g.rules if r.id == "hand.over")
    assert rule.when == {"signal": "beyond_us"}


def test_lists_are_replaced_or_changed_item_by_item() -> None:
    def of(changes: str) -> list[str]:
        return load_policy(overlay(changes)).doc.tiers["workshop"].capabilities

    assert of("tiers: {workshop: {capabilities: []}}") == []
    more = "vocabulary: {categories: {$add: {oven: {label: Ovens}}}}\n"
    assert of(more + "tiers: {workshop: {capabilities: {$add: [oven]}}}") == ["till", "oven"]
    assert of(more + "tiers: {workshop: {capabilities: {$first: [oven], $remove: [till]}}}") == ["oven"]


def test_an_overlay_builds_on_another_once() -> None:
    overlay("tiers: {counter: {no_progress: 45m}}", name="low")
    overlay("tiers: {workshop: {no_progress: 3h}}", name="high", head="of: bakery\non: [./low.yaml]")
    policy = load_policy("./bakery.yaml+./high.yaml+./low.yaml")
    assert policy.name == "bakery+low+high"
    assert (policy.doc.tiers["counter"].no_progress, policy.doc.tiers["workshop"].no_progress) == ("45m", "3h")


def test_a_circle_of_overlays_is_an_error() -> None:
    overlay("figures: {tell_within: 5m}", name="a", head="of: bakery\non: [./b.yaml]")
    overlay("figures: {tell_within: 5m}", name="b", head="of: bakery\non: [./c.yaml]")
    overlay("figures: {tell_within: 5m}", name="c", head="of: bakery\non: [./a.yaml]")
    assert error("./bakery.yaml+./a.yaml") == "c.yaml:3: on[0]: overlays run in a circle: a → b → c → a"
    overlay("figures: {tell_within: 5m}", name="d", head="of: bakery\non: [./d.yaml]")
    assert error("./bakery.yaml+./d.yaml") == "d.yaml:3: on[0]: overlays run in a circle: d → d"


WRONG = {
    "unknown key": (
        "tiers: {counter: {no_progres: 45m}}",
        'there is no such value in bakery; did you mean "tiers.counter.no_progress"?',
    ),
    "unknown entry": (
        "tiers: {countr: {no_progress: 45m}}",
        'changes.tiers.countr: there is no such value in bakery; did you mean "tiers.counter"? (a new entry is written',
    ),
    "unknown section": ("tires: {counter: {no_progress: 45m}}", 'did you mean "tiers"?'),
    "unknown rule": ("rules: {hand.ovr: {says: X.}}", 'has no rule "hand.ovr" here; did you mean "hand.over"?'),
    "unknown rule removed": ("rules: {$remove: [hand.ovr]}", 'has no rule "hand.ovr" here; did you mean "hand.over"?'),
    "unknown group": ("rules: {$add: {Dutys: []}}", 'has no group "Dutys" here; did you mean "Duties"?'),
    "unknown key of a rule": ("rules: {hand.over: {wen: {always: true}}}", 'did you mean "rules.hand.over.when"?'),
    "added twice": ("figures: {$add: {tell_within: 5m}}", "is there already; leave $add out to change it"),
    "removed what is not there": ("figures: {$remove: [tell]}", 'bakery has no entry "tell" here'),
    "not in the list": ("precedence: {$remove: [dutty]}", 'there is no "dutty" in the list; did you mean "duty"?'),
    "removed twice": ("rules: {$remove: [hand.over, hand.over]}", "changes.rules.$remove: 'hand.over' stands twice"),
    "removed twice from a mapping": ("figures: {$remove: [tell_within, tell_within]}", "'tell_within' stands twice"),
    "removed twice from a list": ("precedence: {$remove: [duty, duty]}", "precedence.$remove: 'duty' stands twice"),
    "a list as a mapping": ("precedence: {duty: 1}", "is a list; write the whole list, or {$add: […]"),
    "no such instruction": ("figures: {$ad: {x: 5m}}", 'is no instruction; did you mean "$add"?'),
    "instruction on a value": ("tiers: {counter: {label: {$add: [x]}}}", "holds a single value; $add has no use here"),
    "first of a mapping": ("figures: {$first: {x: 5m}}", "a mapping has no order, write $add"),
    "wrong type": ("tiers: {counter: 5}", "mine.yaml:6: tiers.counter: found 5; expected a mapping"),
    "wrong figure": ("tiers: {counter: {no_progress: 45w}}", "mine.yaml:6: tiers.counter.no_progress: found '45w'"),
    "wrong name": ("rules: {hand.over: {oblige: {to: worksop}}}", 'no role "worksop"; did you mean "workshop"?'),
    "an anchor": ("tiers: {counter: {label: &a X}}", "mine.yaml:6: anchors (&) and aliases (*) are not allowed"),
    "a key twice": ("figures: {tell_within: 5m}\nfigures: {}", "yaml:7: changes.figures: the key stands here twice"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_an_overlay_is_said_with_its_place(changes: str, said: str) -> None:
    message = error(overlay(changes))
    assert message.startswith(("mine.yaml:6: ", "mine.yaml:7: "))
    assert said in message


def test_overlays_of_another_policy_and_things_that_are_none() -> None:
    assert error(overlay("figures: {tell_within: 5m}", head="of: secureai")) == (
        "mine.yaml:2: of: is made for secureai, not for bakery"
    )
    load_policy(overlay("figures: {tell_within: 5m}", head="of: any"))
    load_policy(overlay("figures: {tell_within: 5m}", head="of: [secureai, bakery]"))
    assert "is a whole policy, not an overlay" in error("./bakery.yaml+./bakery.yaml")
    assert "is an overlay, not a policy" in error("./mine.yaml")
    twice = "./bakery.yaml+./mine.yaml+./mine.yaml"
    assert error(twice) == f'the overlay "./mine.yaml" stands twice in {twice}'
    assert 'there is no overlay named "t1-45"; did you mean "t1-45m"?' in error("secureai+t1-45")
    assert '"t1-45m" is an overlay, not a policy; name the policy first: secureai+t1-45m' in error("t1-45m")
    assert "expected a policy and overlays" in error("secureai+")
    assert "there is no such file" in error("./bakery.yaml+./nobody.yaml")
    Path("big.yaml").write_text("overlay: big\n" + "# " + "x" * 1_100_000)
    assert "too large" in error("./bakery.yaml+./big.yaml")
    assert "changes nothing" in error(overlay("{}", name="idle"))


def test_a_plus_in_the_name_of_a_file_is_no_stack(desk: Path) -> None:
    (desk / "a+b.yaml").write_bytes(BAKERY.read_bytes())
    assert load_policy("a+b.yaml").name == "bakery"
    assert load_policy(desk / "a+b.yaml").name == "bakery"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ('calendars: {business: {hours: {tue: "09:00-08:00"}}}',
         "mine.yaml:6: calendars.business.hours.tue: found '09:00-08:00'; expected opening hours"),
        ("calendars:\n  business:\n    time_zone: Mars/X",
         'mine.yaml:8: calendars.business.time_zone: found "Mars/X"; expected'),
        ("calendars:\n  business:\n    holidays:\n    - 2025-01-01\n    - 2025-02-30",
         "mine.yaml:10: calendars.business.holidays[1]: found '2025-02-30'; expected a date"),
        ("calendars:\n  business: {special_days: {2025-02-30: ''}}",
         "mine.yaml:7: calendars.business.special_days.2025-02-30: found '2025-02-30'; expected"),
        ("calendars: {business: {business_day: 2d}}",
         'mine.yaml:6: calendars.business.business_day: found "2d"; expected hours of one day'),
    ],
)  # fmt: skip
def test_an_error_found_after_merging_is_told_where_the_change_stands(changes: str, said: str) -> None:
    overlay(changes, head="of: secureai")
    assert error("secureai+./mine.yaml").startswith(said)


def test_a_change_by_set_that_is_wrong_is_told_with_the_set() -> None:
    with pytest.raises(InputError) as caught:
        load_policy("secureai", {"calendars.business.time_zone": "Mars/X"})
    assert str(caught.value).startswith(
        '--set policy.calendars.business.time_zone=Mars/X: calendars.business.time_zone: found "Mars/X"; expected'
    )


def test_a_rule_that_is_added_under_a_known_id_is_told_with_both_places() -> None:
    """Whichever of the two comes first in what results, the added one is to blame."""
    policy = load_policy("./bakery.yaml")
    ids = [rule.id for group in policy.doc.groups for rule in group.rules]
    for group in (policy.doc.groups[0], policy.doc.groups[-1]):
        for known in (ids[0], ids[-1]):
            line = policy.entry(known).line
            ref = overlay(f'rules:\n  $add:\n    "{group.title}":\n    - {{id: {known}, source: x, says: y.}}')
            assert error(ref).startswith("mine.yaml:9: groups")
            assert error(ref).endswith(f'.id: the id "{known}" is used already (./bakery.yaml:{line})')


def test_what_fails_as_a_whole_is_told_where_it_was_changed() -> None:
    """The error is about a part of the file; what was changed within it, or taken from it, is to blame."""
    source = load_yaml("a:\n  b: 1\n  c: {d: 2}\n", name="base.yaml")
    lines = {path: line for path, line in source.lines.items() if path != ("a", "b")}
    changed = replace(source, lines=lines, origins={("a", "b"): "o:7"})
    assert str(changed.error(("a",), "is wrong")) == "o:7: a (in base.yaml:1): is wrong"
    assert str(changed.error(("a", "c"), "is wrong")) == "base.yaml:3: a.c: is wrong"
    less = replace(source, removed=(Removed("a.e", Step(5, "base.yaml:4"), "o:9"),))
    assert str(less.error(("a", "e"), "is missing")) == "o:9: a.e (in base.yaml:1): is missing"
    assert str(less.error(("a", "c"), "is wrong")) == "base.yaml:3: a.c: is wrong"


def test_a_name_that_an_overlay_took_away_is_told_so() -> None:
    message = error(overlay("vocabulary:\n  roles: {$remove: counter}"))
    assert message.endswith('there is no role "counter" (taken away by mine.yaml:7)')


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("vocabulary:\n  signals: {$remove: till_dead}", "found 'till_dead', which is no signal of the vocabulary"),
        ("figures: {$add: {more: 5m}, $remove: tell_within}", 'there is no figure "figures.tell_within"'),
    ],
)
def test_a_name_within_a_condition_or_a_figure_that_an_overlay_took_away_is_told_so(changes: str, said: str) -> None:
    line = 5 + len(changes.splitlines())
    assert error(overlay(changes)).endswith(f"{said} (taken away by mine.yaml:{line})")
