"""`python -m services.converter` runs one converter; any number of them share the orders."""

from libs.runtime.process import main
from services.converter.app import start
from services.converter.settings import ConverterSettings

if __name__ == "__main__":
    main("converter", ConverterSettings, start)
