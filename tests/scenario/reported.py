"""Test reports in few words, for comparisons."""

from orchestrator.scenario.reports import ReportedAttempt, ReportedScenario, RunReport


def reported(
    name: str, passed: int, judged: int, ms: float = 100, tokens: int = 50, errored: int = 0
) -> ReportedScenario:
    """Give a scenario; its status is that of a fixed number of attempts."""
    ends = ["passed"] * passed + ["failed"] * (judged - passed) + ["errored"] * errored
    status = "failed" if passed < judged else "errored" if errored else "passed"
    return ReportedScenario(name, status, tuple(ReportedAttempt(end, ms, tokens, None) for end in ends))


def report(*scenarios: ReportedScenario, target: str = "local", not_run: tuple[str, ...] = ()) -> RunReport:
    """Give a report of these scenarios."""
    return RunReport("tutoring", target, {each.name: each for each in scenarios}, not_run)
