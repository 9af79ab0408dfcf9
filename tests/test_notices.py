"""Notices: filled in as text and as HTML mail, and inert in both whatever fills them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from deskdrill.main import main
from policy import load_policy
from policy.document import NoticeDoc
from policy.errors import InputError
from policy.notices import MAX_OUTPUT, fill_notice, fill_notice_html, lists_in, placeholders

POLICY = load_policy("secureai")


def notice(body: str, subject: str = "About {{ who }}", fields: tuple[str, ...] = ("who",)) -> NoticeDoc:
    return NoticeDoc(
        id="notice.test", source="here", title="a notice", says="It says.", audience="customer",
        fields=dict.fromkeys(fields, "a field"), subject=subject, body=body,
    )  # fmt: skip


class Tags(HTMLParser):
    """The tags and the text of a document."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


EVIL = [
    "<b>bold</b>", "<script>alert(1)</script>", "{{ 7 * 7 }}", "{% for x in y %}", "&lt;b&gt;", "<!-- x -->", "]]>",
    '"><img src=x onerror=alert(1)>', "</p></body></html>", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\x00b",
    "\x9b2J", "\u202egnp.exe", "\ud800", "a\rb", "x\u2028y",
]  # fmt: skip


@pytest.mark.parametrize("value", EVIL, ids=ascii)
def test_a_field_is_inert_in_text_and_in_html(value: str) -> None:
    doc = notice("Dear {{ who }},\n\nsee {{ contacts.support.email }}.")
    shared = {"contacts": POLICY.contacts}
    text, html = fill_notice(doc, {"who": value}, shared), fill_notice_html(doc, {"who": value}, shared)
    for said in (text.subject, text.body, html.subject, html.document):
        assert all(c.isprintable() or c == "\n" for c in said), ascii(said)
        assert "49" not in said
    assert "\n" not in text.subject + html.subject
    found = Tags(html.document)
    assert set(found.tags) <= {"html", "head", "meta", "title", "body", "p", "br"}
    assert found.attributes == [("lang", "en"), ("charset", "utf-8")]
    if value.isprintable():  # what can be seen is shown as it was written
        assert value in text.body
        assert value in found.text
    html.document.encode()


@pytest.mark.parametrize("value", EVIL, ids=ascii)
def test_a_field_is_inert_inside_a_list_and_a_mapping(value: str) -> None:
    doc = notice("{% for step in who %}{{ step.text }}{% endfor %}", subject="x")
    html = fill_notice_html(doc, {"who": [{"text": value}]}, {})
    assert set(Tags(html.document).tags) <= {"html", "head", "meta", "title", "body", "p", "br"}
    assert all(c.isprintable() or c == "\n" for c in html.document)


def test_a_subject_cannot_add_a_header() -> None:
    filled = fill_notice(notice("x"), {"who": "you\r\nBcc: all@example.org\n\nbody"}, {})
    assert filled.subject == "About you Bcc: all@example.org body"


class Sly(str):
    """A text that says it is markup, and another when printed."""

    __slots__ = ()

    def __html__(self) -> str:
        return "<script>sly</script>"

    def __str__(self) -> str:
        return "<script>sly</script>"

    def __format__(self, spec: str) -> str:
        return "<script>sly</script>"


class Thing:
    """Not a text at all."""

    def __html__(self) -> str:
        return "<script>thing</script>"

    def __str__(self) -> str:
        return "<i>thing</i>"


@pytest.mark.parametrize("value", [Markup("<b>safe?</b>"), Sly("sly"), Thing(), [Markup("<b>x</b>")]])
def test_nothing_may_call_itself_safe(value: Any) -> None:
    doc = notice("{{ who }}" if not isinstance(value, list) else "{% for w in who %}{{ w }}{% endfor %}", subject="x")
    html = fill_notice_html(doc, {"who": value}, {})
    assert set(Tags(html.inside).tags) == {"p"}
    assert set(Tags(html.inside + html.document).tags) <= {"html", "head", "meta", "title", "body", "p", "br"}


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<b>{{ who }}</b> & co", "<b>W</b> & co"),
        ("{{ '<i>' }}{{ who }}", "<i>W"),
        ("{{ '<i>' ~ who }}", "<i>W"),
        ("{% if who == '<' %}<u>{% else %}<s>{{ who }}{% endif %}", "<s>W"),
        ("{% raw %}{{ <i> }}{% endraw %}{{ who }}", "{{ <i> }}W"),
        ("{# <i> #}{{ who }}</p>", "W</p>"),
    ],
)
def test_the_text_of_a_template_is_text_in_html_too(body: str, shown: str) -> None:
    try:
        placeholders(body)
    except InputError as error:
        pytest.fail(str(error))
    html = fill_notice_html(notice(body, subject="x"), {"who": "W"}, {})
    found = Tags(html.inside)
    assert (found.tags, found.text) == (["p"], shown)
    assert fill_notice(notice(body, subject="x"), {"who": "W"}, {}).body == shown


def test_paragraphs_and_line_ends_of_the_text_stay_in_html() -> None:
    html = fill_notice_html(notice("Dear {{ who }},\n\none\ntwo\n \nthree"), {"who": "A"}, {})
    assert html.inside == "<p>Dear A,</p>\n<p>one<br>two</p>\n<p>three</p>"


@pytest.mark.parametrize("key", [key for key, one in POLICY.notices.items() if one.body])
def test_both_forms_of_a_shipped_notice_say_the_same(key: str) -> None:
    doc = POLICY.notices[key]
    loops = lists_in(doc.body or "")
    values: dict[str, Any] = {name: f"<{name}>" for name in doc.fields}
    for name, parts in loops.items():
        values[name] = [dict.fromkeys(parts, f"<{name}>") if parts else f"<{name}>"]
    shared = {"contacts": POLICY.contacts, "update_every": "30 minutes"}
    text, html = fill_notice(doc, values, shared), fill_notice_html(doc, values, shared)
    assert html.subject == text.subject
    assert "".join(Tags(html.inside).text.split()) == "".join(text.body.split())
    assert not re.search(r"https?://[^\s<]*[\"']", html.document)


@given(st.text(max_size=200))
def test_any_text_is_inert(value: str) -> None:
    if not value:
        return
    doc = notice("a {{ who }} b")
    text, html = fill_notice(doc, {"who": value}, {}), fill_notice_html(doc, {"who": value}, {})
    assert set(Tags(html.document).tags) <= {"html", "head", "meta", "title", "body", "p", "br"}
    assert "\n" not in text.subject
    assert not {c for c in text.body + html.document if ord(c) < 32 and c not in "\n\t"}


def test_too_much_is_refused_in_both_forms() -> None:
    doc = notice("{% for w in who %}{{ w }}{% endfor %}", subject="x")
    for fill in (fill_notice, fill_notice_html):
        with pytest.raises(InputError, match="longer than"):
            fill(doc, {"who": ["x" * 1000] * (MAX_OUTPUT // 1000 + 1)}, {})
        with pytest.raises(InputError, match="nothing fills who"):
            fill(doc, {}, {})


def test_a_field_that_nests_for_ever_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InputError, match="too deeply"):
        fill_notice(notice("x"), {"who": endless}, {})


def test_lists_and_their_parts_are_found() -> None:
    assert lists_in("{% for s in a %}{{ s.ok }}{{ s.text }}{% endfor %}{% for s in b %}{{ s }}{% endfor %}") == {
        "a": {"ok", "text"},
        "b": frozenset(),
    }
    with pytest.raises(InputError):
        lists_in("{{ x() }}")


# -- the shipped ones, and templates that want more than they may ---------------------------------------------------


@pytest.mark.parametrize("key", ["p1_customer", "customer_escalation", "internal_escalation"])
def test_notices_can_be_filled_and_miss_nothing(key: str) -> None:
    notice = POLICY.notices[key]
    lists = {"actions_done": ["looked at the token"], "requested_actions": ["look at the service"],
             "troubleshooting": [{"ok": True, "text": "token valid"}]}  # fmt: skip
    values = {name: lists.get(name, f"<{name}>") for name in notice.fields}
    shared = {"contacts": POLICY.contacts, "update_every": POLICY.figures.words("priorities.P1.every.customer_updates")}
    filled = fill_notice(notice, values, shared)
    assert "{{" not in filled.subject + filled.body
    for name in notice.fields:
        assert name in lists or f"<{name}>" in filled.subject + filled.body
    assert "support@secureai.com" in filled.body
    with pytest.raises(InputError, match="nothing fills"):
        fill_notice(notice, {**values, next(iter(notice.fields)): ""}, shared)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ contacts._source }}",
        "{% for a in x %}{% for b in x %}{{ b }}{% endfor %}{% endfor %}",
        "{% for i in range(100000000) %}x{% endfor %}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ x * 1000000000 }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'other' %}",
        "{{ x|attr('y') }}",
        "{{ x() }}",
        "{% set y = x %}",
        "{{ broken",
        "{{" + "(" * 5000 + "x" + ")" * 5000 + "}}",
    ],
)
def test_a_template_that_wants_more_than_it_may_is_refused(template: str) -> None:
    with pytest.raises(InputError):
        placeholders(template)


# -- the command -------------------------------------------------------------------------------------------------------


def test_a_notice_is_printed_as_text_and_as_html_mail(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "notice", "p1_customer"]) == 0
    text, err = capsys.readouterr()
    assert text.startswith("Subject: [CRITICAL] API sign-in fails\n\nDear SecureAI customer,\n")
    assert "every 30 minutes, next at 11:35 UTC" in text
    assert "nothing is real" in err
    assert main(["policy", "notice", "notice.p1_customer", "--format", "html"]) == 0
    html = capsys.readouterr().out
    assert html.startswith("<!doctype html>\n")
    assert " ".join(text.partition("\n\n")[2].split()) in " ".join(Tags(html.replace("<br>", " ")).text.split())
    assert main(["policy", "notice", "p1_customer", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["id"], found["subject"]) == ("notice.p1_customer", "[CRITICAL] API sign-in fails")
    assert found["html"] == html
    every = ["policy", "notice", "p1_customer", "--set", "policy.priorities.P1.every.customer_updates=45m"]
    assert main(every) == 0
    assert "every 45 minutes" in capsys.readouterr().out


def test_a_notice_is_filled_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doc, file = POLICY.notices["internal_escalation"], tmp_path / "fields.json"
    given = {name: f"<b>{name}</b>" for name in doc.fields}
    given |= {"troubleshooting": [{"ok": True, "text": "<i>looked</i>"}], "requested_actions": ["look"]}
    command = ["policy", "notice", "internal_escalation", "--fields", str(file), "--format"]
    file.write_text(json.dumps(given | {"ticket": 1042}))
    assert main([*command, "html"]) == 0
    html, err = capsys.readouterr()
    assert (set(Tags(html).tags) & {"b", "i"}, err) == (set(), "")
    assert "<b>summary</b>" in Tags(html).text
    assert "Ticket 1042" in html
    for change, message in (
        ({"tikcet": "1"}, "fields.json:1: tikcet: notice.internal_escalation has no field"),
        ({"ticket": ""}, "nothing fills ticket"),
        ({"ticket": {"a": "b"}}, "fields.json:1: ticket: expected a text, or a list"),
        ({"ticket": ["a"]}, "fields.json:1: ticket: found a list; expected a text"),
        ({"troubleshooting": "none"}, "fields.json:1: troubleshooting: found a text; expected a list with ok and text"),
    ):
        file.write_text(json.dumps(given | change))
        assert main([*command, "text"]) == 2
        assert message in capsys.readouterr().err
    file.write_text("- a\n")
    assert main([*command, "text"]) == 2
    assert "expected a mapping" in capsys.readouterr().err


def test_notices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "notice"]) == 0
    assert "p1_customer          customer  the critical notice                  8\n" in capsys.readouterr().out
    assert main(["policy", "notice", "--format", "json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["p1_customer"]["fields"] == POLICY.notices["p1_customer"].fields
    for argv, message in (
        (["p1_custmer"], 'did you mean "p1_customer"?'),
        (["quality"], "notice.quality has no text to print"),
        (["--format", "html"], "--format html goes with the name of a notice"),
    ):
        assert main(["policy", "notice", *argv]) == 2
        assert message in capsys.readouterr().err
