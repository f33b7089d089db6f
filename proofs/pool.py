"""Distribute tasks over processes or a Dask cluster; results are kept when workers die or the user stops the work."""

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
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Any, Generic, TypeVar

from bac.model.errors import BacError
from bac.model.extras import MissingExtra

AHEAD = 4
"""So many tasks for each worker are submitted at a time, so that no long queue remains when the work is stopped."""
PATIENCE = 3
"""The work is given up when workers die so many times in a row without finishing a task."""

T = TypeVar("T")
R = TypeVar("R")


class ClusterUnavailable(BacError):
    """There is no Dask scheduler at the address that was given."""


class Spread(Generic[T, R]):
    """The distribution of tasks over workers.

    Args:
        tasks: the tasks; each can be pickled.
        work: does one task; a function of a module.
        finish: called once with the number and the result of each task, as soon as it is finished.
    """

    def __init__(self, tasks: Sequence[T], work: Callable[[T], R], finish: Callable[[int, R], None]) -> None:
        """Begin with no task done."""
        self.tasks, self.work, self.finish = tasks, work, finish
        self.done: set[int] = set()

    @property
    def to_do(self) -> list[int]:
        """The numbers of the tasks that are left."""
        return [number for number in range(len(self.tasks)) if number not in self.done]

    def keep(self, number: int, result: R) -> None:
        """Keep a result."""
        if number not in self.done:
            self.done.add(number)  # first, so that ``finish`` is called once even if it is interrupted
            self.finish(number, result)

    def run_here(self) -> str | None:
        """Do all tasks in this process; return the reason if it ended early."""
        try:
            for number in self.to_do:
                self.keep(number, self.work(self.tasks[number]))
        except KeyboardInterrupt:
            return "interrupted"
        return None

    def run(self, workers: Callable[[], Workers]) -> str | None:
        """Do all tasks on workers, and replace these when they die; return the reason if it ended early."""
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
        """Submit tasks, a few for each worker at a time, and keep the results until all are there."""
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
                    del running[future]  # only now, so that an interruption before does not lose the result
        except BaseException:
            self.rescue(running)
            raise

    def collect(self, ready: dict[Future[R], int]) -> None:
        """Keep the results; if there are failures among them, raise the first when the others are kept."""
        failures = []
        for future, number in ready.items():
            if (failure := failure_of(future)) is None:
                self.keep(number, future.result())
            else:
                failures.append(failure)
        if failures:
            raise failures[0]

    def rescue(self, running: dict[Future[R], int]) -> None:
        """Keep the results of tasks that are finished, and cancel the others."""
        for future, number in running.items():
            if not future.cancel() and future.done() and failure_of(future) is None:
                self.keep(number, future.result())


def failure_of(future: Future[Any]) -> BaseException | None:
    """Return the reason why a task has no result; ``None`` if it has one."""
    try:
        return future.exception()
    except CancelledError as error:  # a cluster's scheduler is gone
        return error


Workers = Any
"""A context manager that gives an executor and its number of workers."""


def worker_deaths() -> tuple[type[BaseException], ...]:
    """Return the errors that say that a worker died, a process or a worker of a cluster."""
    try:
        from distributed.scheduler import KilledWorker  # slow to load, and only clusters need it
    except ModuleNotFoundError:
        return BrokenExecutor, CancelledError
    return BrokenExecutor, CancelledError, KilledWorker


class LocalExecutor(ProcessPoolExecutor):
    """An executor whose processes start without Ctrl-C, so that none is interrupted before it can ignore that."""

    def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
        """Submit a task; this may start a process, which inherits the signals that are blocked."""
        with interrupts_postponed():
            return super().submit(*arguments, **options)


@contextmanager
def interrupts_postponed() -> Iterator[None]:
    """Postpone Ctrl-C, where the platform can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def local_workers(jobs: int | None) -> Iterator[tuple[Executor, int]]:
    """Give processes on this machine, started anew, so that they do not depend on the state of this one.

    If the work is stopped, they end at once, whatever they do.
    """
    count, context = jobs or os.cpu_count() or 1, get_context("spawn")
    stop, stopper = context.Pipe(duplex=False)
    executor = LocalExecutor(count, context, begin_worker, (stop,))
    try:
        yield executor, count
    except BaseException:
        stopper.close()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        stopper.close()
        stop.close()


def begin_worker(stop: Connection) -> None:
    """Ignore Ctrl-C, and end when the work is stopped or the parent process ends.

    A terminal sends Ctrl-C to every process; only the parent, which keeps the results, reacts to it.  If the parent is
    killed, it cannot tell its workers to end.

    Args:
        stop: the reading end of a pipe, whose writing end only the parent has and closes to stop the work.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, args=(stop,), daemon=True).start()


def end_with_parent(stop: Connection) -> None:
    """Wait until the work is stopped or the parent process has ended, and end this process at once."""
    parent = parent_process()
    if parent is not None:
        wait_for([stop, parent.sentinel])
        os._exit(1)


def check_scheduler(scheduler: str) -> None:
    """Check that there is a Dask scheduler at an address.

    Raises:
        ClusterUnavailable: there is no scheduler at that address.
        MissingExtra: Dask is not installed.
    """
    with dask_workers(scheduler):
        pass


@contextmanager
def dask_workers(scheduler: str) -> Iterator[tuple[Executor, int]]:
    """Give the workers of a Dask cluster.

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
            get_address_host_port(scheduler)  # without an address a client takes a minute to end
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterUnavailable(f"no Dask scheduler at {scheduler}: {error}") from None
    with client:
        count = sum(client.nthreads().values()) or 1
        with client.get_executor(pure=False) as executor:
            yield executor, count
