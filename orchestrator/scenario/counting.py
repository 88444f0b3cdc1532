"""How often something happened and how often it should, in words."""

from orchestrator.model.language import Count


def get_bounds(times: int | Count | None) -> tuple[int, int | None]:
    """Give the fewest and the most that `times` allows, None for no limit; left out, it is once or more."""
    match times:
        case None:
            return 1, None
        case Count():
            return times.min, times.max
        case _:
            return times, times


def is_within(number: int, times: int | Count | None) -> bool:
    """Tell whether something happened as often as `times` says."""
    least, most = get_bounds(times)
    return least <= number and (most is None or number <= most)


def count_text(number: int) -> str:
    """Give a number of times in words."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def range_text(least: int, most: int | None) -> str:
    """Give the bounds of `get_bounds` in words."""
    if most is None:
        return f"{count_text(least)} or more"
    return count_text(least) if least == most else f"{least} to {most} times"
