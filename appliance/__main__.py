"""Entry point of the `appliance` command."""

from __future__ import annotations

import sys

from appliance.cli.main import app
from appliance.errors import ApplianceError

INTERRUPTED = 130
"""128 + SIGINT, what a shell expects."""

_AS_ANOTHER = "Give the command with sudo, or as the user who runs the appliance: sudo -u appliance …"


def main() -> None:
    """Run the command line; an error is said in words and gives its own exit status."""
    try:
        app()
    except ApplianceError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.remedy:
            print(f"  → {error.remedy}", file=sys.stderr)
        sys.exit(error.exit_status)
    except PermissionError as error:
        if error.filename is None:
            raise
        print(f"error: {error.filename}: this user may not do that: {error.strerror}", file=sys.stderr)
        print(f"  → {_AS_ANOTHER}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
