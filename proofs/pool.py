"""Spread work over processes or a Dask cluster: what is finished is kept, whatever happens to workers or to us."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, Generic, TypeVar

from bac.model.errors import BacError
from bac.model.extras import MissingExtra

AHEAD = 4
"""So many tasks for each worker are handed out at a time: stopped work leaves no long queue behind."""
PATIENCE = 3
"""So many times in a row workers may die without one task done before the work is given up."""

T = TypeVar("T")
R = TypeVar("R")


class ClusterUnavailable(BacError):
    """There is no Dask scheduler at the address that was given."""


class Spread(Generic[T, R]):
    """Tasks at work.

    Args:
        tasks: what is to be done; each can be pickled.
        work: does one task, by itself; a function of a module.
        finish: told each task's number and result, once, as soon as it is there.
    """

    def __init__(self, tasks: Sequence[T], work: Callable[[T], R], finish: Callable[[int, R], None]) -> None:
        """Nothing is done yet."""
        self.tasks, self.work, self.finish = tasks, work, finish
        self.done: set[int] = set()

    @property
    def to_do(self) -> list[int]:
        """The numbers of the tasks that are left."""
        return [number for number in range(len(self.tasks)) if number not in self.done]

    def keep(self, number: int, result: R) -> None:
        """Keep a result."""
        if number not in self.done:
            self.done.add(number)  # first, so that nothing is told twice if the telling is interrupted
            self.finish(number, result)

    def run_here(self) -> str | None:
        """Do everything in this process; why it ended early, if it did."""
        try:
            for number in self.to_do:
                self.keep(number, self.work(self.tasks[number]))
        except KeyboardInterrupt:
            return "interrupted"
        return None

    def run(self, workers: Callable[[], Workers]) -> str | None:
        """Do everything on workers, and replace them when they die; why it ended early, if it did."""
        failures = 0
        while self.to_do and failures < PATIENCE:
            before = len(self.done)
            try:
                with workers() as (executor, count):
                    self.spread(executor, count)
            except KeyboardInterrupt:
                return "interrupted"
            except worker_deaths():
                failures = failures + 1 if len(self.done) == before else 0
        return "workers keep dying" if self.to_do else None

    def spread(self, executor: Executor, count: int) -> None:
        """Hand out tasks, a few for each worker at a time, and keep what comes back, to the last one."""
        queue = iter(self.to_do)
        running: dict[Future[R], int] = {}
        try:
            while True:
                for number in islice(queue, AHEAD * count - len(running)):
                    running[executor.submit(self.work, self.tasks[number])] = number
                if not running:
                    return
                ready, _ = wait(running, return_when=FIRST_COMPLETED)
                self.collect({future: running[future] for future in ready})
                for future in ready:
                    del running[future]  # only now, so that what an interruption leaves uncollected is rescued
        except BaseException:
            self.rescue(running)
            raise

    def collect(self, ready: dict[Future[R], int]) -> None:
        """Keep the results; if there are failures among them, the first is raised when the rest is kept."""
        failures = []
        for future, number in ready.items():
            if (failure := failure_of(future)) is None:
                self.keep(number, future.result())
            else:
                failures.append(failure)
        if failures:
            raise failures[0]

    def rescue(self, running: dict[Future[R], int]) -> None:
        """Keep what is finished of what is running, and cancel the rest."""
        for future, number in running.items():
            if not future.cancel() and future.done() and failure_of(future) is None:
                self.keep(number, future.result())


def failure_of(future: Future[Any]) -> BaseException | None:
    """Why there is no result, if there is none."""
    try:
        return future.exception()
    except CancelledError as error:  # a cluster's scheduler is gone
        return error


Workers = Any
"""A context manager that gives an executor and its number of workers."""


def worker_deaths() -> tuple[type[BaseException], ...]:
    """What is raised when a worker dies, be it a process or one of a cluster's."""
    try:
        from distributed.scheduler import KilledWorker  # slow to load, and only clusters need it
    except ModuleNotFoundError:
        return BrokenExecutor, CancelledError
    return BrokenExecutor, CancelledError, KilledWorker


@contextmanager
def local_workers(jobs: int | None) -> Iterator[tuple[Executor, int]]:
    """Processes on this machine, started afresh (so that it makes no difference what this one has loaded)."""
    count = jobs or os.cpu_count() or 1
    executor = ProcessPoolExecutor(count, get_context("spawn"), initializer=live_and_die_with_the_parent)
    try:
        yield executor, count
    finally:
        executor.shutdown(cancel_futures=True)


def live_and_die_with_the_parent() -> None:
    """What a worker begins with.

    A terminal sends Ctrl-C to every process; only the one that keeps the results shall act on it.  And when that one is
    killed, nobody is left to tell the worker to end.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_after_the_parent, daemon=True).start()


def end_after_the_parent() -> None:
    """Wait until the parent is gone, and end this process at once."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def check_scheduler(scheduler: str) -> None:
    """Notice before a search that there would be nobody to spread it over.

    Raises:
        ClusterUnavailable: there is no scheduler at that address.
        MissingExtra: Dask is not installed.
    """
    with dask_workers(scheduler):
        pass


@contextmanager
def dask_workers(scheduler: str) -> Iterator[tuple[Executor, int]]:
    """The workers of a Dask cluster.

    Raises:
        ClusterUnavailable: there is no scheduler at that address.
        MissingExtra: Dask is not installed.
    """
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ImportError:
        raise MissingExtra("work on a Dask cluster", "cluster") from None
    try:
        if not scheduler.startswith("inproc:"):
            get_address_host_port(scheduler)  # A client that is given no address at all takes a minute to end.
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterUnavailable(f"no Dask scheduler at {scheduler}: {error}") from None
    with client:
        count = sum(client.nthreads().values()) or 1
        with client.get_executor(pure=False) as executor:
            yield executor, count
