"""CPU seconds, wall seconds and peak memory of whole processes, as medians."""

import os
import statistics
import subprocess
import time

CALLS = 5


def measure(command, path, before=lambda: None, calls=CALLS):
    """The medians over several calls; memory is the highest."""
    costs = []
    for _ in range(calls):
        before()
        begin = time.monotonic()
        child = subprocess.Popen(command, cwd=path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, f"{command}: {child.returncode}"
        costs.append((usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024))
    cpu, wall, memory = zip(*costs)
    return statistics.median(cpu), statistics.median(wall), max(memory)


def print_row(what, cost):
    cpu, wall, memory = cost
    print(f"{what:<56} {cpu:8.2f} s CPU {wall:8.2f} s {memory:8.1f} MiB", flush=True)
