"""Processes that simulate, and that can be stopped at any instant.

A farm has no threads, no queues and no locks: a pipe to each process, and nothing else that could hang or complain when
Ctrl+C ends it in the middle of something. (``ProcessPoolExecutor`` waits for its workers, and prints tracebacks of its
own threads where it is not left the time.)
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from policy.errors import DeskDrillError
from simulator.metrics import month_metrics
from simulator.model import DeskModel
from simulator.openhours import Floats
from simulator.run import run_once


def simulate_months(model: DeskModel, seed: int, replications: range) -> Floats:
    """Return the figures of some replications, shape (replications, metrics)."""
    return np.array([list(month_metrics(run_once(model, None, seed, r)).values()) for r in replications])


@contextmanager
def farm(model: DeskModel, seed: int, workers: int) -> Iterator[Farm]:
    """Start ``workers`` processes for the months of one seed; at the end, however it comes, they are killed."""
    with processes(partial(simulate_months, model, seed), workers) as started:
        yield started


@contextmanager
def processes(answer: Callable[[Any], Any], workers: int) -> Iterator[Farm]:
    """Start ``workers`` processes that call ``answer`` for each job; at the end, however it comes, they are killed."""
    started = Farm()
    try:
        with _interrupts_held():
            started.start(answer, workers)
        yield started
    finally:
        started.kill()


class Farm:
    """The processes and the pipes to them. Each has at most one piece of work."""

    def __init__(self) -> None:
        """Begin without processes."""
        self._processes: list[BaseProcess] = []
        self._pipes: list[Connection] = []

    def start(self, answer: Callable[[Any], Any], workers: int) -> None:
        """Start the processes; each waits for work."""
        # Spawned, not forked: the caller may run threads (an app does), and a fork would copy their locks.
        context = get_context("spawn")
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, answer), daemon=True)
            process.start()
            theirs.close()  # so that its death ends the pipe
            self._processes.append(process)
            self._pipes.append(ours)

    def months(self, chunks: Sequence[range]) -> Iterator[Floats]:
        """Yield the months of each chunk of replications, in order, as soon as they are there.

        Raises:
            DeskDrillError: a process has died.
        """
        return self.answers(chunks)

    def answers(self, jobs: Sequence[Any]) -> Iterator[Any]:
        """Yield the answer to each job, in order, as soon as it is there.

        Raises:
            DeskDrillError: a process has died.
        """
        waiting = iter(range(len(jobs)))
        at_work: dict[Any, int] = {}
        done: dict[int, Any] = {}
        for pipe in self._pipes:
            self._give(pipe, waiting, jobs, at_work)
        for wanted in range(len(jobs)):
            while wanted not in done:
                ready: list[Any] = wait(list(at_work))
                for pipe in ready:
                    done[at_work.pop(pipe)] = _result(pipe)
                    self._give(pipe, waiting, jobs, at_work)
            yield done.pop(wanted)

    def _give(self, pipe: Any, waiting: Iterator[int], jobs: Sequence[Any], at_work: dict[Any, int]) -> None:
        place = next(waiting, None)
        if place is not None:
            at_work[pipe] = place
            try:
                pipe.send(jobs[place])
            except OSError:
                raise _died() from None

    def kill(self) -> None:
        """End every process at once; none has anything to tidy up."""
        for process in self._processes:
            process.kill()
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join()


def _work(pipe: Connection, answer: Callable[[Any], Any]) -> None:
    """Answer each job that comes, until the other end is gone (in a process of its own)."""
    while True:
        try:
            job = pipe.recv()
            try:
                answered = answer(job)
            except Exception as error:  # told there, where somebody sees it
                answered = error
            pipe.send(answered)
        except (EOFError, OSError):
            return


def _result(pipe: Any) -> Any:
    try:
        answer = pipe.recv()
    except (EOFError, OSError):
        raise _died() from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _died() -> DeskDrillError:
    return DeskDrillError("a process that simulated months has died; perhaps memory ran out: try fewer --workers")


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl+C back while processes are started.

    It reaches every process of a terminal. Those that are started here inherit the mask and never see it: they are
    ended by this one. This process answers it afterwards, so that it leaves no process half started. The mask alone
    would not do for that: it is this thread's, and any other thread takes the signal.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    came: list[int] = []
    mine = threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT))
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if mine else None
    try:
        resource_tracker.ensure_running()  # now, because it lifts the mask when it starts
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    finally:
        if mine:
            signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)
