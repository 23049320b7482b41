"""Runs the registry as a process of its own."""

from libs.runtime.process import main
from services.registry.app import start
from services.registry.settings import RegistrySettings

if __name__ == "__main__":
    main("registry", RegistrySettings, start)
