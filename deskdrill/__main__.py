"""``python -m deskdrill``."""

import sys

from deskdrill.main import main

if __name__ == "__main__":  # simulations start processes that import this module again
    sys.exit(main())
