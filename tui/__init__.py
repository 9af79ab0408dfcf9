"""The app. Only here is Textual imported, and only once ``run_app`` is called.

Files in reading order:

- ``attempts``, ``locks``: where transcripts are kept, each open but once; ``session``: a drill in play and its file
  (none of these knows of screens)
- ``messages``: what screens tell the app; ``app``: which screen comes next
- ``widgets``, ``panels``: what the screens are made of; ``help``, ``resume``: pages and questions above them
- ``home``; ``drill`` with ``act_form``; ``debrief``; ``lab`` with ``whatif``: the screens, each beside its ``.tcss``

This room imports all others but the command line.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["run_app"]


def run_app(policy_ref: str = "secureai", sets: Mapping[str, str] | None = None) -> int:
    """Run the app in this terminal until it is left; return its exit code.

    ``sets`` are ``--set`` changes by path (``policy.…`` and ``desk.…``).

    Raises:
        InputError: the policy cannot be used as named or changed.
    """
    from tui.app import DeskDrillApp  # noqa: PLC0415  (Textual is loaded only for those who want the app)

    app = DeskDrillApp(policy_ref, sets)
    app.run()
    return app.return_code or 0
