"""What one thread's code may use; one frozen value, handed down from whoever starts the server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits on the code of one thread, and on how many threads may have a kernel at once."""

    memory_bytes: int = 1 << 30
    """Memory of all processes of one sandbox together (and of each: an allocation beyond it is a MemoryError)."""

    processes: int = 64
    """Processes and operating-system threads of one sandbox; Jupyter's own take about ten of them.

    Counted by the kernel for each sandbox since Linux 5.14.
    """

    disk_bytes: int = 256 << 20
    """Size of the working directory, and again of /tmp; both live in memory and vanish with the sandbox."""

    seconds: float = 60.0
    """Wall time of one call; after it the code is interrupted as by Ctrl-C."""

    grace_seconds: float = 3.0
    """Time interrupted code has to stop; after it the whole sandbox is ended and its state is lost."""

    start_seconds: float = 60.0
    """Time a kernel has to start."""

    log_characters: int = 100_000
    """Length of one call's logs; the rest is cut and a note says so."""

    output_bytes: int = 64 << 20
    """Everything one call may print, cut or not; code that prints more is interrupted."""

    images: int = 20
    """Images of one call that are kept."""

    out_files: int = 20
    """Files of one call that are handed back."""

    out_bytes: int = 64 << 20
    """Size of the files of one call that are handed back, together."""

    kernels: int = 8
    """Kernels alive at once; the least recently used idle one is closed for a new one."""

    idle_seconds: float = 600.0
    """A kernel unused for so long is closed."""
