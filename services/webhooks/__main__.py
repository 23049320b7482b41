"""Runs the webhook dispatcher as a process of its own."""

from libs.runtime.process import main
from services.webhooks.app import start
from services.webhooks.settings import WebhooksSettings

if __name__ == "__main__":
    main("webhooks", WebhooksSettings, start)
