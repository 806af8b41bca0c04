"""Where this machine's Chromium is; as a command, whether there is one."""

import os
import shutil
import sys

NAMES = ["chromium", "chromium-browser", "google-chrome"]


def find() -> str | None:
    """The program that CHROMIUM names, or else the one this machine has."""
    chosen = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [chosen] if chosen else NAMES)), None)


if __name__ == "__main__":
    sys.exit(find() is None)
