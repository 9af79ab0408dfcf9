"""The command line: what a person types, and what comes back.

Files in reading order:

- ``main``: from arguments to an exit code; ``__main__``: the same for ``python -m deskdrill``
- ``interrupt``: Ctrl+C
- ``options``: the parser and the options that commands share; ``output``: results on stdout, narration on stderr
- ``app_command``, ``tour``: the app, and the tour for those without a terminal
- ``practice``, ``scenario_command``: drills and scenarios; ``simulate_command``, ``theory_command``: the desk
- ``desk_command``: a desk of one's own, and what is odd in one
- ``report_command``, ``audit_command``: a month for people to read, and held against the procedure
- ``policy_command``, ``verdict_command``: the procedure, and what it says about a situation
- ``check_command``, ``coverage_command``: what is wrong, what is where; ``notice_command``: a notice filled in
- ``diff_command``, ``diff_words``: what an edit does, and in which words it is told
- ``origin``: where each value of it comes from; ``own_policy``: beginning one of one's own, and JSON Schemas
- ``doctor``: the machine

Nothing heavy is imported before a command runs: ``deskdrill --help`` loads argparse and little more. This room
imports all others, and no other imports it.
"""

__all__: list[str] = []
