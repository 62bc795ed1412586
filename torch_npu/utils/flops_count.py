"""How many floating point operations a program does."""

from __future__ import annotations

from torch.utils.flop_counter import FlopCounterMode

__all__ = ["FlopsCounter"]


class FlopsCounter:
    """Counts what matrix products, convolutions and attention compute, backward passes included.

    As a context, or from start() to stop(); what happens between pause() and resume() is passed
    over.
    """

    def __init__(self) -> None:
        self._counter: FlopCounterMode | None = None
        self._paused_at: int | None = None
        self._recorded = self._traversed = self._skipped = 0

    def __enter__(self) -> FlopsCounter:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Counts from zero."""
        if self._counter is not None:
            raise RuntimeError("FlopsCounter.start: it counts already; call stop() first")
        self._recorded = self._traversed = self._skipped = 0
        self._paused_at = None
        self._counter = FlopCounterMode(display=False)
        self._counter.__enter__()

    def _running(self, what: str) -> FlopCounterMode:
        if self._counter is None:
            raise RuntimeError(f"FlopsCounter.{what}: it does not count; call start() first")
        return self._counter

    def pause(self) -> None:
        """What follows is not recorded."""
        counter = self._running("pause")
        if self._paused_at is None:
            self._paused_at = counter.get_total_flops()

    def resume(self) -> None:
        """What follows is recorded again."""
        counter = self._running("resume")
        if self._paused_at is not None:
            self._skipped += counter.get_total_flops() - self._paused_at
            self._paused_at = None

    def stop(self) -> None:
        """Ends the count; get_flops() keeps it."""
        self.resume()
        counter = self._running("stop")
        counter.__exit__(None, None, None)
        self._traversed = counter.get_total_flops()
        self._recorded = self._traversed - self._skipped
        self._counter = None

    def get_flops(self) -> list[int]:
        """[recorded, traversed]: without and with what was passed over."""
        if self._counter is None:
            return [self._recorded, self._traversed]
        total = self._counter.get_total_flops()
        passed = total - self._paused_at if self._paused_at is not None else 0
        return [total - self._skipped - passed, total]
