"""A sweep loses nothing that was finished, wherever it is cut off, and gives the same result wherever it runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from helpers import MISSING
from rich.console import Console

from bac.model.errors import LimitReached, UnwritableFile
from bac.model.extras import MissingExtra
from bac.proofs.engine import LimitMonitor, Limits
from bac.proofs.pool import ClusterUnavailable
from bac.proofs.results import Verdict
from bac.proofs.theorem.graphs import sweep as sweeping
from bac.proofs.theorem.graphs.graph import Graph, GraphException, GraphResult, confirm_statements, graphs_up_to
from bac.proofs.theorem.graphs.sweep import SweepFile, SweepProgress, SweepResult, WrongSweepFile, sweep
from bac.reports.theorem import graphs_text


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a sweep over up to two services: a header and four graphs."""
    file = tmp_path_factory.mktemp("sweep") / "done.jsonl"
    sweep(2, file, jobs=1)
    return file


def test_every_graph_up_to_three_services_has_no_exception() -> None:
    result = sweep(3, jobs=1)
    assert result.verdict is Verdict.HOLDS
    assert result.stopped is None
    assert result.to_json() == {"format": "bac-graphs", "version": 1, "services": 3, "graphs": 20, "exceptions": []}
    assert [each.graph for each in result.results] == list(graphs_up_to(3))


def test_the_file_says_what_it_is_and_has_a_line_for_each_graph(finished: Path) -> None:
    header, *lines = map(json.loads, finished.read_text().splitlines())
    assert (header["format"], header["version"], header["services"]) == ("bac-graphs-progress", 2, 2)
    assert [(line["services"], line["graph"]) for line in lines] == [(1, 0), (2, 0), (2, 1), (2, 3)]
    assert all(line["exceptions"] == [] for line in lines)


def test_a_finished_sweep_is_not_computed_again(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "confirm_statements", lambda _: pytest.fail("computed again"))
    assert sweep(2, finished, jobs=1).results == tuple(map(confirm_statements, graphs_up_to(2)))


def test_a_sweep_can_be_cut_off_at_every_byte(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that a killed process left, finished graphs are kept, and the others are done again."""
    content = finished.read_bytes()
    whole = {each.graph: each for each in sweep(2, finished, jobs=1).results}
    computed: list[Graph] = []

    def known(graph: Graph) -> GraphResult:
        computed.append(graph)
        return whole[graph]

    monkeypatch.setattr(sweeping, "confirm_statements", known)
    for length in range(len(content) + 1):
        file = tmp_path / "cut.jsonl"
        file.write_bytes(content[:length])
        computed.clear()
        assert sweep(2, file, jobs=1).results == tuple(whole.values())
        kept = max(content[:length].count(b"\n") - 1, 0)
        assert computed == list(whole)[kept:]
        assert file.read_bytes() == content


@pytest.mark.parametrize(
    "text",
    [
        "name: a specification\n",
        "x",
        '{"format": "bac-graphs-progress"}\n',
        "[]\n",
        "\xff\xfe\n",
        "[" * 100_000 + "\n",
    ],
)
def test_another_file_is_refused_and_left_alone(text: str, tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(WrongSweepFile):
        sweep(2, file, jobs=1)
    assert file.read_text(encoding="latin-1") == text


def test_the_file_of_another_size_is_refused(finished: Path) -> None:
    before = finished.read_bytes()
    with pytest.raises(WrongSweepFile, match="does not belong"):
        sweep(3, finished, jobs=1)
    assert finished.read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "garbage",
        '{"services":2,"graph":2,"exceptions":[]}',  # isomorphic to graph 1, and not canonical
        '{"services":9,"graph":0,"exceptions":[]}',
        '{"services":2,"graph":1}',
        '{"services":2,"graph":1,"exceptions":[],"more":1}',
        '{"services":2,"graph":[],"exceptions":[]}',
    ],
)
def test_a_line_that_is_no_result_is_refused(line: str, finished: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(finished.read_text() + line + "\n")
    with pytest.raises(WrongSweepFile, match="line 6"):
        sweep(2, file, jobs=1)


def test_exceptions_survive_in_the_file_and_decide_the_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(graph: Graph) -> GraphResult:
        return GraphResult(graph, (GraphException(graph, "locked", "backup: unknown"),) * graph.number)

    file = tmp_path / "wrong.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "confirm_statements", wrong)
        found = sweep(2, file, jobs=1)
    again = sweep(2, file, jobs=1)
    assert again == found
    assert again.verdict is Verdict.VIOLATED
    assert again.to_json()["exceptions"][0] == {
        "services": 2,
        "graph": 1,
        "references": "A -> B",
        "statement": "locked",
        "found": "backup: unknown",
    }


def test_a_place_where_nothing_can_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnwritableFile):
        sweep(1, tmp_path / "no" / "such" / "directory", jobs=1)


def test_sizes_and_jobs_are_checked() -> None:
    with pytest.raises(LimitReached):
        sweep(6)
    with pytest.raises(ValueError, match="job"):
        sweep(2, jobs=0)


# Processes


def test_processes_give_the_same_result(tmp_path: Path) -> None:
    told: list[SweepProgress] = []
    result = sweep(3, tmp_path / "p.jsonl", jobs=2, progress=told.append)
    assert result == sweep(3, jobs=1)
    assert told == [SweepProgress(done, 20) for done in range(1, 21)]
    lines = (tmp_path / "p.jsonl").read_text().splitlines()
    assert {(d["services"], d["graph"]) for d in map(json.loads, lines[1:])} == {
        (graph.services, graph.number) for graph in graphs_up_to(3)
    }


def test_an_interrupt_keeps_what_is_done(tmp_path: Path) -> None:
    def stop(progress: SweepProgress) -> None:
        if progress.done == 5:
            raise KeyboardInterrupt

    for jobs in (1, 2):
        file = tmp_path / f"{jobs}.jsonl"
        result = sweep(3, file, jobs=jobs, progress=stop)
        assert result.stopped == "interrupted"
        assert result.verdict is Verdict.UNKNOWN
        assert len(result.results) >= 5
        assert result.to_json()["to_do"] == len(result.to_do) == 20 - len(result.results)
        assert len(file.read_text().splitlines()) == 1 + len(result.results)
        assert sweep(3, file, jobs=1).verdict is Verdict.HOLDS


def printed(result: SweepResult) -> str:
    """The result as people see it."""
    console = Console(width=200, color_system=None)
    with console.capture() as captured:
        console.print(graphs_text(result))
    return captured.get()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sweep_ends_when_its_time_is_over(jobs: int, tmp_path: Path) -> None:
    told: list[SweepProgress] = []
    monitor = LimitMonitor(Limits(seconds=5), clock=lambda: float(len(told)))
    file = tmp_path / "graphs.jsonl"
    result = sweep(3, file, jobs=jobs, progress=told.append, monitor=monitor)
    assert result.stopped == "the time limit of 5 s (--timeout) was reached"
    assert result.verdict is Verdict.UNKNOWN
    assert 5 <= len(result.results) < 20
    assert f"confirmed on {len(result.results)} graphs, the others are unknown" in printed(result)
    assert "every graph" not in printed(result)
    assert len(file.read_text().splitlines()) == 1 + len(result.results)


def test_a_dead_worker_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its graph is done by another one."""
    deaths = iter([True, False, True])

    @contextmanager
    def frail(_: object) -> Iterator[tuple[ThreadPoolExecutor, int]]:
        with ThreadPoolExecutor(1) as executor:
            dies = next(deaths, False)
            submit = executor.submit
            count = iter(range(100))

            def submit_or_die(function: object, graph: Graph) -> object:
                if dies and next(count) == 2:
                    raise BrokenProcessPool("killed")
                return submit(function, graph)  # type: ignore[arg-type]

            executor.submit = submit_or_die  # type: ignore[method-assign, assignment]
            yield executor, 1

    monkeypatch.setattr(sweeping, "local_workers", frail)
    assert sweep(2, jobs=2).verdict is Verdict.HOLDS


def test_workers_that_keep_dying_end_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def hopeless(_: object) -> Iterator[tuple[ThreadPoolExecutor, int]]:
        raise BrokenProcessPool("killed")
        yield ThreadPoolExecutor(1), 1

    monkeypatch.setattr(sweeping, "local_workers", hopeless)
    result = sweep(2, jobs=2)
    assert result.stopped == "workers keep dying"
    assert result.verdict is Verdict.UNKNOWN


HANGS = 600
"""So many seconds a process may take to end before the test gives up on it."""
SCRIPT = """
import sys
from pathlib import Path
from bac.proofs.theorem.graphs.sweep import sweep
if __name__ == "__main__":
    sweep(4, Path(sys.argv[1]), jobs=2, progress=lambda now: print(now.done, flush=True))
"""


@contextmanager
def running(tmp_path: Path, done: int) -> Iterator[subprocess.Popen[str]]:
    """A sweep in other processes, of which ``done`` graphs are done."""
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path / "file.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= done:
                break
        try:
            yield process
        finally:
            process.kill()


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def assert_resumable(file: Path, at_least: int) -> None:
    kept = file.read_bytes().count(b"\n") - 1
    assert kept >= at_least
    with SweepFile(file, 4) as store:
        assert len(store.done) == kept
        assert all(result == confirm_statements(graph) for graph, result in list(store.done.items())[:20])


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    with running(tmp_path, 30) as process:
        orphans = children(process)
        process.kill()
    _, alive = psutil.wait_procs(orphans, HANGS)  # they notice that their parent is gone, and end
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
    assert_resumable(tmp_path / "file.jsonl", 30)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path, 22) as process:
        workers = [
            child
            for child in psutil.Process(process.pid).children()
            if "spawn_main" in " ".join(child.cmdline()) and "resource_tracker" not in " ".join(child.cmdline())
        ]
        workers[0].kill()
        assert process.stdout is not None
        later = [int(line) for _, line in zip(range(20), process.stdout, strict=False)]
        assert max(later) >= 40  # it went on
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=HANGS)
        assert process.returncode == 0  # it ended normally
    assert_resumable(tmp_path / "file.jsonl", 40)


# A cluster


@contextmanager
def cluster(directory: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers on the loopback interface: its address, and their processes."""
    pytest.importorskip("distributed", reason=f"{MISSING} cluster")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    run = [sys.executable, "-m"]
    scheduler = [*run, "distributed.cli.dask_scheduler", "--host", address, "--no-dashboard"]
    worker = [*run, "distributed.cli.dask_worker", address, "--no-dashboard", "--no-nanny", "--nthreads", "1"]
    worker += ["--host", "127.0.0.1", "--local-directory", str(directory)]
    with (directory / "dask.log").open("w") as log:
        processes = [
            subprocess.Popen(each, stdout=log, stderr=log, cwd=directory) for each in (scheduler, worker, worker)
        ]
        try:
            yield address, processes[1:]
        finally:
            for process in reversed(processes):
                process.kill()  # a worker that outlives its scheduler takes a minute to end
            for process in processes:
                process.wait(HANGS)


@pytest.mark.filterwarnings("ignore")  # what a cluster's client warns of is not ours
def test_a_cluster_gives_the_same_result(tmp_path: Path) -> None:
    told: list[SweepProgress] = []
    with cluster(tmp_path) as (address, _):
        result = sweep(3, tmp_path / "c.jsonl", scheduler=address, progress=told.append)
    assert result == sweep(3, jobs=1)
    assert len(told) == 20
    assert sweep(3, tmp_path / "c.jsonl", jobs=1) == result


@pytest.mark.filterwarnings("ignore")
@pytest.mark.slow
def test_a_cluster_does_without_a_killed_worker(tmp_path: Path) -> None:
    with cluster(tmp_path) as (address, workers):
        result = sweep(3, scheduler=address, progress=lambda now: workers[0].kill() if now.done == 3 else None)
    assert result == sweep(3, jobs=1)


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_is_an_error_with_its_address() -> None:
    pytest.importorskip("distributed", reason=f"{MISSING} cluster")
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}), pytest.raises(ClusterUnavailable, match="127"):
        sweep(2, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(ClusterUnavailable, match="nonsense"):
        sweep(2, scheduler="nonsense://x")


def test_without_dask_a_cluster_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match="cluster"):
        sweep(2, scheduler="tcp://127.0.0.1:1")
