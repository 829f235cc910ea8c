"""What a talk file may get wrong."""

from bot.errors import BotError


class TalkError(BotError):
    """A line of a talk that fits nothing: `line` counts from 1, `message` tells its writer."""

    def __init__(self, line: int, message: str) -> None:
        """Keep line and sentence apart, so that a caller may put a file name before."""
        super().__init__("talk", f"第 {line} 行：{message}")
        self.line = line
        self.message = message
