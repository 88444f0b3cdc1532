"""The protocols orch speaks: one dialect a file, ignorant of each other; `interface` says what each must do."""
