"""The program: python -m provisioning.practice_idp --demo FILE."""

import argparse
import signal
import sys
from pathlib import Path

from provisioning.practice_idp.demo import Unusable, read
from provisioning.practice_idp.server import Server


def main() -> int:
    """Serve until the program is told to end; says why where it cannot."""
    parser = argparse.ArgumentParser(prog="practice_idp", description=sys.modules[__package__].__doc__)
    parser.add_argument("--demo", type=Path, required=True, metavar="FILE", help="what `manage.py demo --json` prints")
    try:
        server = _server(parser.parse_args().demo)
    except Unusable as unusable:
        sys.stderr.write(f"The practice IdP is not running. {unusable}\n")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


def _server(path: Path) -> Server:
    demo = read(path)
    try:
        return Server(demo)
    except OSError:
        raise Unusable(
            f"Port {demo.port} is taken on this machine; with another PORT its own is another too."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
