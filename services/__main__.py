"""The one command line: `python -m services` runs everything in one process; verbs do the rest."""

import sys

from services.cli.commandline import main

if __name__ == "__main__":
    sys.exit(main())
