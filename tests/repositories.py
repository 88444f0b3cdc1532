"""A real git repository in a test's folder, whose author is known and who is not on a CI."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

AUTHOR = "author@example.test"
CI = [name for name in os.environ if name.startswith(("GITHUB_", "GITLAB_", "BUILD_", "BUILDKITE_", "CIRCLE_"))]


@dataclass(frozen=True)
class Repository:
    """A repository and what people do in it."""

    folder: Path

    @classmethod
    def begin(cls, folder: Path) -> "Repository":
        """Make one."""
        made = cls(folder)
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("config", "user.email", AUTHOR)
        made.git("config", "user.name", "An Author")
        made.git("config", "commit.gpgsign", "false")
        return made

    def git(self, *arguments: str) -> str:
        """Run git and give what it prints."""
        done = subprocess.run(["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | None]) -> str:
        """Write files, or delete those whose text is None, commit everything, and give the revision."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "--all", ".", ":(exclude,glob)**/.orch/**")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")
