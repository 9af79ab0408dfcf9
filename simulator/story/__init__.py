"""The story of a ticket: what happened to it, when, and by which rule, in sentences.

Files in reading order:

- ``model``: a story and its steps
- ``case``: one ticket, and what was so of it at each instant
- ``citing``: how places are called, and which rules asked for what happened
- ``customer``: what the customer hears; ``heard``: the updates, as the audit has them
- ``working``: what is done in a stay; ``moving``: how a ticket moves on, and who joins; ``together``: who is called in
  to help
- ``telling``: all of it in order
"""

from simulator.story.citing import Cites
from simulator.story.model import Step, Story
from simulator.story.telling import story_of

__all__ = ["Cites", "Step", "Story", "story_of"]
