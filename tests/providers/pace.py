"""Time that passes when somebody waits, and not otherwise."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakePace:
    """A clock that sleeping moves; remembers every wait."""

    def __init__(self, chance: float = 0.0) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self._chance = chance

    def clock(self) -> float:
        """Seconds slept so far."""
        return self.time

    def now(self) -> datetime:
        """The time of day."""
        return START + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        """Move the clock to when this sleeper wakes."""
        self.waits.append(seconds)
        until = self.time + seconds
        await asyncio.sleep(0)
        self.time = max(self.time, until)

    def chance(self) -> float:
        """Always the same."""
        return self._chance
