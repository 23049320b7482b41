"""Runs the gateway as a process of its own."""

from libs.runtime.process import main
from services.gateway.app import start
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    main("gateway", GatewaySettings, start, probes=False)
