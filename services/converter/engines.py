"""All engines of one converter: made lazily, stopped together."""

from services.converter.settings import ConverterSettings


class Engines:
    """What formats render with. Nothing runs before the first document."""

    def __init__(self, settings: ConverterSettings) -> None:
        self.settings = settings

    async def start(self) -> None:
        """Clear what a killed run left behind."""

    async def close(self) -> None:
        """Stop every engine."""
