"""Runs an agent as a process of its own."""

from libs.runtime.process import main
from services.agent.app import start
from services.agent.settings import AgentSettings

if __name__ == "__main__":
    main("agent", AgentSettings, start)
