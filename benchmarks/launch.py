"""Run a program, and write to a file its seconds, those of processors, its peak of resident memory and its exit code.

    python -I -S launch.py REPORT PROGRAM [ARGUMENT...]

On Linux a child begins with its parent's peak of memory, so this loads nothing.
"""

import os
import sys
import time


def main() -> None:
    """Run it, wait for it, and report."""
    report, *command = sys.argv[1:]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    with open(report, "w") as file:
        code, worked = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
        file.write(f"{seconds} {worked} {usage.ru_maxrss * unit} {code}")


main()
