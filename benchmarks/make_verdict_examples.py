"""Write the stored examples of ``tests/data/verdict_examples`` from the shipped policy.

    python benchmarks/make_verdict_examples.py               tell which rules' examples would change
    python benchmarks/make_verdict_examples.py --write       renew them all
    python benchmarks/make_verdict_examples.py --write ID …  renew those of some rules (p1.* is a group)

``example_search`` finds them and says how. ``says`` is what the rulebook answers today: compare it with the catalogue
before it is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from example_search import Maker
from verdict_examples import EVERYTHING, FOLDER, stored

from policy import load_policy

HEAD = "# Made by benchmarks/make_verdict_examples.py, compared with the catalogue; see tests/verdict_examples.py.\n"
FILES = {"trigger": "triggers", "request": "requests", "target": "targets", "resolve": "targets"}
"""The file of a group of rules, by the first word of the id; else that word."""


def flow(value: Any) -> str:
    """Return plain data as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    plain = isinstance(value, str) and not set(value) & set(":,#{}[]\"'")
    return value if plain else json.dumps(value)


def text_of(rules: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the text of a file of examples."""
    lines = [HEAD]
    for id_, rule in rules.items():
        lines.append(f"\n{id_}:\n")
        lines += [f"  policy: {flow(rule['policy'])}\n"] if "policy" in rule else []
        lines.append("  cases:\n" if rule["cases"] else "  cases: []\n")
        for case in rule["cases"]:
            lead = "  - "
            for key, value in case.items():
                if key in ("says", "but"):
                    lines.append(f"  {lead}{key}:\n")
                    lines += [f"        - {flow(one)}\n" for one in value]
                else:
                    lines.append(f"  {lead}{key}: {flow(value)}\n")
                lead = "    "
        lines += ["  without:\n", *(f"    - {flow(one)}\n" for one in rule["without"])] if "without" in rule else []
    return "".join(lines)


def made(known: Mapping[str, Mapping[str, Any]], only: list[str]) -> dict[str, dict[str, Any]]:
    """Return the examples of every rule with an effect, those not named as they are stored."""
    found: dict[str, dict[str, Any]] = {}
    policy = load_policy()
    for rule in policy.rules:
        if not any((rule.define, rule.obliges, rule.permits, rule.forbids, rule.pauses)):
            continue
        if only and not any(fnmatch(rule.id, pattern) for pattern in only):
            if rule.id in known:
                found[rule.id] = dict(known[rule.id])
            continue
        sets = known.get(rule.id, {}).get("policy", {})
        maker = Maker(load_policy("secureai", sets) if sets else policy)  # a diagram grows; each rule has its own
        there = next(one for one in maker.policy.rules if one.id == rule.id)
        found[rule.id] = ({"policy": sets} if sets else {}) | maker.of(there)
    return found


def main() -> int:
    """Tell what would change, or write it; return 1 if something would change and nothing is written."""
    parser = argparse.ArgumentParser(description="Renew the stored examples of verdicts.")
    parser.add_argument("ids", nargs="*", metavar="ID")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    known = stored()
    new = made(known, asked.ids)
    differing = [id_ for id_ in dict.fromkeys((*new, *known)) if new.get(id_) != known.get(id_)]
    for id_ in differing:
        print(f"{id_}: {'gone' if id_ not in new else 'changed' if id_ in known else 'new'}", file=sys.stderr)
    if not asked.write:
        return 1 if differing else 0
    if not asked.ids:
        base = Maker(load_policy()).everything()
        lines = "".join(f"{key}: {flow(value)}\n" for key, value in base.items())
        (FOLDER / EVERYTHING).write_text(HEAD + lines, encoding="utf-8")
    files: dict[str, dict[str, Any]] = {}
    for id_, rule in new.items():
        word = id_.partition(".")[0]
        files.setdefault(FILES.get(word, word), {})[id_] = rule
    for name, rules in files.items():
        (FOLDER / f"{name}.yaml").write_text(text_of(rules), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
