"""The program: python -m provisioning.practice_idp --demo FILE."""

import argparse
import contextlib
import signal
import sys
from pathlib import Path

from provisioning import practice_idp
from provisioning.practice_idp.demo import read
from provisioning.practice_idp.errors import CannotStart
from provisioning.practice_idp.server import Server


def main() -> int:
    """Serve until SIGTERM or Ctrl-C, and return the exit status."""
    parser = argparse.ArgumentParser(prog="practice_idp", description=practice_idp.__doc__)
    parser.add_argument("--demo", type=Path, required=True, metavar="FILE", help="what `manage.py demo --json` prints")
    try:
        server = _listen(parser.parse_args().demo)
    except CannotStart as error:
        sys.stderr.write(f"The practice IdP is not running. {error}\n")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


def _listen(path: Path) -> Server:
    demo = read(path)
    try:
        return Server(demo)
    except OSError:
        raise CannotStart(
            f"Port {demo.port} is taken on this machine. Start with another PORT: the practice IdP uses the next one."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
