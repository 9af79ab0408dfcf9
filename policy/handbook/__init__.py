"""The handbook: the policy printed as people read it, in three forms of one content.

Files in reading order:

- ``model``: pages and what stands on them
- ``reading``, ``phrases``, ``occasions``, ``hours``: what rules and calendars say, in words
- ``roles``, ``priorities``, ``matrix``, ``specimens``, ``reference``: the pages; ``binding`` puts them together
- ``markdown``, ``terminal``, ``web``: the forms; ``drawing``: pictures made of text, ``figures``: pictures in SVG

Every statement of the catalogue appears with its id, so that a verdict or a debrief that cites it can be looked up.
Figures are filled in from the policy: change one there and its sentences change here. Nothing here knows an
organisation; another policy has other pages.
"""

from policy.handbook.binding import handbook
from policy.handbook.markdown import as_markdown
from policy.handbook.model import Handbook
from policy.handbook.specimens import filled_notice
from policy.handbook.terminal import as_text
from policy.handbook.web import as_html
from policy.loading import Policy

__all__ = ["Handbook", "filled_notice", "handbook", "handbook_html", "handbook_markdown", "handbook_text"]


def handbook_markdown(policy: Policy) -> str:
    """Return the whole handbook in Markdown, ending in a line end."""
    return as_markdown(handbook(policy))


def handbook_html(policy: Policy) -> str:
    """Return the whole handbook as one HTML document that loads nothing."""
    return as_html(handbook(policy))


def handbook_text(policy: Policy) -> str:
    """Return the whole handbook as text of at most 80 columns, ending in a line end."""
    return as_text(handbook(policy))
