"""Entry point of the `appliance` command."""

from __future__ import annotations

import sys

from appliance.cli.main import app
from appliance.errors import ApplianceError

INTERRUPTED = 130
"""128 + SIGINT, what a shell expects."""


def main() -> None:
    """Run the command line; an error is said in words and gives its own exit status."""
    try:
        app()
    except ApplianceError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.remedy:
            print(f"  → {error.remedy}", file=sys.stderr)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
