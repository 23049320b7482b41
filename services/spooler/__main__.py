"""`python -m services.spooler` runs one spooler; several share the work of standing by."""

from libs.runtime.process import main
from services.spooler.app import start
from services.spooler.settings import SpoolerSettings

if __name__ == "__main__":
    main("spooler", SpoolerSettings, start)
