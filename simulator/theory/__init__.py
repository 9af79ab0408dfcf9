"""The desk against theory: textbook queues as desks, played by the same engine, beside their exact results.

Files in reading order: ``textbook`` (a network of queues as a desk file), ``system`` (what a textbook says, and what
follows before anything is played), ``kinds`` and ``cases`` (files of cases), ``quantities`` (what can be asked),
``observe`` (one replication, added up), ``estimate`` (intervals), ``course`` (how many replications each row of a case
needs, and its verdict), ``verify`` (what is played in the time that there is); ``quick.json`` is a quick case of each
kind.
"""
