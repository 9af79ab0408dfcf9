"""The handbook as a document: whole and readable in HTML and on paper, and inert whatever the policy says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from policy import Policy, load_policy
from policy.handbook import handbook_html, handbook_markdown, handbook_text

DATA = Path(__file__).parent / "data"
SECUREAI = load_policy("secureai")
BAKERY = load_policy(DATA / "drill_policy.yaml")
BOTH = pytest.mark.parametrize("policy", [SECUREAI, BAKERY], ids=lambda policy: policy.name)
VOID = {"meta", "br", "wbr", "input", "rect", "line", "circle", "path"}


@dataclass
class Seen(HTMLParser):
    """What an HTML document holds."""

    headings: list[tuple[int, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    tables: list[dict[str, int]] = field(default_factory=list)
    open_: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in VOID:
            self.open_.append(tag)
        if found.get("id"):
            self.ids.append(found["id"] or "")
        if tag == "a":
            self.links.append(found.get("href") or "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag == "table":
            self.tables.append({"caption": 0, "col": 0, "row": 0, "tr": 0})
        if self.tables and "table" in self.open_:
            for key in (tag, found.get("scope")):
                if key in self.tables[-1]:
                    self.tables[-1][str(key)] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open_, f"</{tag}> closes nothing"
        assert self.open_[-1] == tag, f"</{tag}> closes <{self.open_[-1]}>"
        self.open_.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self.open_ and re.fullmatch("h[1-6]", self.open_[-1]):
            level, said = self.headings[-1]
            self.headings[-1] = (level, said + data)


def seen(policy: Policy) -> Seen:
    reader = Seen()
    reader.feed(handbook_html(policy))
    reader.close()
    assert reader.open_ == []
    return reader


# -- HTML ----------------------------------------------------------------------------------------------------------


@BOTH
def test_headings_go_down_one_level_at_a_time(policy: Policy) -> None:
    levels = [level for level, _ in seen(policy).headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(said.strip() for _, said in seen(policy).headings)


@BOTH
def test_every_link_leads_somewhere_in_the_document(policy: Policy) -> None:
    found = seen(policy)
    assert len(found.ids) == len(set(found.ids))
    assert found.links
    assert [link for link in found.links if not link.startswith("#") or link[1:] not in found.ids] == []


@BOTH
def test_every_table_has_a_caption_and_headers(policy: Policy) -> None:
    tables = seen(policy).tables
    assert tables
    for table in tables:
        assert table["caption"] == 1
        assert table["col"] >= 2
        assert table["row"] == table["tr"] - 1 >= 1


@BOTH
def test_the_document_loads_nothing(policy: Policy) -> None:
    found = seen(policy)
    names = {tag for tag, _ in found.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "embed", "audio", "video", "base", "form", "image"}
    for tag, attributes in found.tags:
        assert not {"src", "srcset", "style", "background", "poster"} & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
    style = handbook_html(policy).split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in style


@BOTH
def test_the_document_says_its_language_and_can_be_read_aloud(policy: Policy) -> None:
    found = seen(policy)
    attributes: dict[str, dict[str, str | None]] = {}
    for tag, one in found.tags:
        attributes.setdefault(tag, one)
    assert attributes["html"]["lang"] == "en"
    assert attributes["a"] == {"class": "skip", "href": "#content"}
    assert attributes["main"]["id"] == "content"
    assert attributes["nav"]["aria-label"]
    pictures = [one for tag, one in found.tags if tag == "svg"]
    assert pictures
    for one in pictures:
        assert one["role"] == "img"
        assert all(name in found.ids for name in (one["aria-labelledby"] or "").split())
    assert sum(tag == "title" for tag, _ in found.tags) == 1 + len(pictures)
    assert sum(tag == "desc" for tag, _ in found.tags) == len(pictures)


def test_letters_of_pictures_stay_inside_them() -> None:
    html = handbook_html(SECUREAI)
    pictures = re.findall(r'<svg class="(\w+)" viewBox="0 0 ([\d.]+) ([\d.]+)".*?</svg>', html, re.DOTALL)
    bodies = re.findall(r"<svg .*?</svg>", html, re.DOTALL)
    assert {kind for kind, _, _ in pictures} == {"timeline", "matrix"}
    for (_, width, height), body in zip(pictures, bodies, strict=True):
        letters = re.findall(r'<text class="(\w+)" x="([\d.]+)" y="([\d.]+)"( [^>]*)?>(.*?)<', body)
        for kind, x, y, anchor, said in letters:
            long = len(said) * (7.6 if kind in ("head", "name", "when") else 6.6)
            left, right = (float(x) - long, float(x)) if anchor else (float(x), float(x) + long)
            assert left >= 0, said
            assert right <= float(width), said
            assert 0 < float(y) <= float(height), said


@pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("pdftotext")), reason="needs chromium, pdftotext")
def test_on_a4_the_pictures_follow_the_protocol_and_no_sheet_holds_two_items(tmp_path: Path) -> None:
    page, paper = tmp_path / "handbook.html", tmp_path / "handbook.pdf"
    page.write_text(handbook_html(SECUREAI), encoding="utf-8")
    printing = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    home = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run([*printing, f"--print-to-pdf={paper}", page.as_uri()], capture_output=True, timeout=90, env=home)
    told = subprocess.run(["pdftotext", "-layout", str(paper), "-"], capture_output=True, text=True, check=True).stdout
    sheets = [sheet.strip() for sheet in told.split("\f")]
    first = next(i for i, sheet in enumerate(sheets) if sheet.startswith("P1 (critical)"))
    assert "The same as a picture" in sheets[first + 1]
    assert sheets[first + 2].startswith("P2 (high)")
    settled = next(i for i, sheet in enumerate(sheets) if sheet.startswith("How contradictions"))
    index = next(i for i, sheet in enumerate(sheets) if sheet.startswith("Index by id"))
    assert settled < index <= settled + 2  # the settlements fill a sheet, and a little of the next


# -- nothing in a policy is obeyed ---------------------------------------------------------------------------------

EVIL = '<script>alert(1)</script><img src=x onerror=alert(2)> "&amp;" | **b** `c` [l](javascript:x)'


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """Return a policy with markup wherever it may hold text."""
    import yaml

    data = yaml.safe_load((DATA / "drill_policy.yaml").read_text())
    data |= {"title": f"Title {EVIL} {{{{ 7 * 7 }}}}", "organisation": f"House {EVIL}", "version": EVIL}
    data["history"] = [{"version": EVIL, "date": "2025-01-01", "approved_by": EVIL, "why": EVIL}]
    for role in data["vocabulary"]["roles"].values():
        role["label"] += EVIL
    for act in data["vocabulary"]["acts"].values():
        act["label"] += EVIL
    for tier in data["tiers"].values():
        tier["label"] += EVIL
    for priority in data["priorities"].values():
        priority["label"] += EVIL
    for group in data["groups"]:
        group["title"] += EVIL
        group["about"] = EVIL
        for rule in group["rules"]:
            rule["says"] = f"{EVIL} {rule['says']}"
            rule |= {"source": EVIL, "assumed": True, "why": EVIL}
    common = {"source": EVIL}
    data["contacts"] = {"one": {"id": "contact.one", "name": EVIL, "email": EVIL, "hours": EVIL, **common}}
    body = "<script>alert(3)</script>\n```\n{{ who }} {{ contacts.one.name }} {{ '<i>' }}"
    data["notices"] = {"n": {"id": "notice.n", "title": EVIL, "says": EVIL, "audience": "customer",
                             "fields": {"who": EVIL}, "specimen": {"who": EVIL},
                             "subject": "<b> {{ who }}", "body": body, **common}}  # fmt: skip
    data["metrics"] = [{"id": "metric.one", "name": EVIL, "says": EVIL, "target": {EVIL: 1}, **common}]
    data["reports"] = [{"id": "report.one", "title": EVIL, "says": EVIL, "figures": {EVIL: 1}, "lists": {EVIL: [EVIL]},
                        **common}]  # fmt: skip
    settled = {"id": "settled.one", "procedure_says": EVIL, "settled": EVIL, "carried_by": [EVIL]}
    data["settlements"] = [settled | common]
    file = tmp_path_factory.mktemp("evil") / "evil.yaml"
    file.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    return load_policy(file)


def test_markup_in_a_policy_is_shown_and_not_obeyed(evil: Policy) -> None:
    found = seen(evil)
    names = {tag for tag, _ in found.tags}
    assert not names & {"script", "img", "i", "b"}
    assert all(name not in attributes for _, attributes in found.tags for name in ("onerror", "src"))
    assert all(link.startswith("#") for link in found.links)
    assert "<script>alert(1)</script>" in "".join(found.text)
    assert "<script>alert(3)</script>" in "".join(found.text)
    assert "{{ 7 * 7 }}" in "".join(found.text)


def test_markup_in_a_policy_is_inert_in_markdown_and_text(evil: Policy) -> None:
    text = handbook_markdown(evil)
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "<script" not in outside
    assert "<img" not in outside
    assert not re.search(r"(?<!\\)\]\(javascript", outside)
    assert max(map(len, handbook_text(evil).splitlines())) <= 80
    for line in outside.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 5), line
