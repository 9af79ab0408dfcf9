"""Reports on a desk: the month, the week and the quarter, with how sure each figure is.

Files in reading order:

- ``model``: sections and what stands in them
- ``windows``, ``counting``, ``gathering``: which days, what is counted in them, over many plays
- ``figures``, ``aims``, ``subject``, ``phrases``: how figures are written, their targets, whose names are used
- ``improving``, ``succeeding``: what the figures say has to be done, and what went well
- ``details``, ``trending``, ``monthly``: sections, and the monthly report
- ``making``: from a desk and a policy to a report
- ``markdown``, ``terminal``, ``web``: the forms; ``charts``: pictures in SVG

What each figure counts, and by which rules something stands out, ``docs/report.md`` tells.
"""

from simulator.report.making import REPLICATIONS, Order, make_report
from simulator.report.markdown import as_markdown
from simulator.report.model import Report
from simulator.report.terminal import as_text
from simulator.report.web import as_html
from simulator.report.windows import MOST_MONTHS

__all__ = ["MOST_MONTHS", "REPLICATIONS", "Order", "Report", "as_html", "as_markdown", "as_text", "make_report"]
