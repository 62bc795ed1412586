"""What processes hold of the machine, to see that nothing of it stays behind.

Other tests run meanwhile, with the same pids in namespaces of their own: a socket is known as a
process's only while that lives, and semaphores and tensors of others come and go.
"""

import contextlib
import os
from pathlib import Path


def shared_memory() -> set[str]:
    """Names in /dev/shm, but for Python's semaphores and torch's tensors."""
    return {name for name in os.listdir("/dev/shm") if not name.startswith(("sem.mp-", "torch_"))}


def _sockets() -> dict[str, str]:
    """Names of Unix sockets by what /proc/<pid>/fd calls them."""
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()]
    return {f"socket:[{row[6]}]": row[7] for row in rows if len(row) == 8}


def sockets() -> set[str]:
    """Names of the machine's Unix sockets."""
    return set(_sockets().values())


def sockets_of(pids: list[int]) -> set[str]:
    """Those that the processes hold."""
    open_files = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                open_files.add(os.readlink(descriptor))
    return {name for file, name in _sockets().items() if file in open_files}
