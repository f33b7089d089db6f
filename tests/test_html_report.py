"""The page: readable without scripts, the same states and anomalies as in Python, and a model to play with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from corpus_cases import CORPUS
from helpers import bac

from bac.figures.palette import contrast
from bac.model.plan import Plan, Timing
from bac.model.semantics import system
from bac.model.specification.reader import Specification, load
from bac.proofs.engine import Limits, Query
from bac.proofs.engines import explicit
from bac.properties.anomalies import anomalies
from bac.properties.formula import FALSE
from bac.reports.html.data import embedded
from bac.reports.html.page import asset

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SALES = EXAMPLES / "sales.bac.yaml"
LANDSCAPE = """
name: Landscape
services: {%s}
use_cases: {%s}
"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NODE = shutil.which("node")
MOST_STATES = 20_000
"""Larger systems are left to Python."""
MOST_BYTES = 400 * 1024
"""The size of a report on an example."""


def page(file: Path, target: Path, *options: object) -> str:
    """The report on a specification."""
    done = bac("report", file, "-o", target, "--no-helps", *options)
    assert done.exit_code == 0, done.output
    return target.read_text(encoding="utf-8")


class Checker(HTMLParser):
    """Collects identifiers, the addresses of what is loaded, and the text outside of scripts and styles."""

    VOID = frozenset({"meta", "link", "br", "input", "hr", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if (name == "src" or (name == "href" and tag == "link")) and value:
                self.loaded.append(value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)


def read(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert not checker.open
    return checker


@pytest.mark.parametrize("file", [SALES, EXAMPLES / "figure-3.bac.yaml", *EXAMPLES.glob("*/*[!s].bac.yaml")], ids=str)
def test_a_page_is_one_file_and_not_large(file: Path, tmp_path: Path) -> None:
    text = page(file, tmp_path / "report.html")
    checked = read(text)
    assert len(text.encode()) <= MOST_BYTES
    assert checked.loaded == []
    assert len(checked.ids) == len(set(checked.ids))
    assert "http" not in re.sub(r"http://www\.w3\.org/\S+", "", text)


def test_without_scripts_a_page_has_tables_sentences_runs_and_pictures(tmp_path: Path) -> None:
    text = page(SALES, tmp_path / "report.html", "--plan", "nightly", "--plan", "quiesced")
    words = " ".join(" ".join(read(re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)).words).split())
    assert "The recovered customer refers to a shipment that does not exist" in words
    assert "⚠ snapshot shipping" in words
    assert "violated" in words
    assert "(line 18)" in words
    assert text.count("<svg") >= 4


def test_scripts_and_styles_can_be_files_of_their_own(tmp_path: Path) -> None:
    text = page(SALES, tmp_path / "report.html", "--assets", tmp_path / "report")
    checked = read(text)
    assert checked.loaded == [
        "report/page.css",
        "report/data.js",
        "report/interpreter.js",
        "report/page.js",
    ]
    assert "<style" not in text
    assert not re.search(r"<script>|<script type", text)
    assert all((tmp_path / name).is_file() for name in checked.loaded)


def test_of_a_large_architecture_the_page_has_the_matrix_and_the_first_anomalies(tmp_path: Path) -> None:
    services = ", ".join(f"s{n}: {{owns: [e{n}]}}" for n in range(60))
    cases = ", ".join(f"u{n}: [{{create: e{n}{f', refers_to: [e{n - 1}]' if n else ''}}}]" for n in range(60))
    file = tmp_path / "landscape.bac.yaml"
    file.write_text(LANDSCAPE % (services, cases), encoding="utf-8")
    text = page(file, tmp_path / "report.html")
    assert len(text.encode()) <= MOST_BYTES
    assert text.count('<details class="anomaly"') == 50
    assert "50 of " in text


def test_names_mean_nothing_to_html(tmp_path: Path) -> None:
    name = "</script><script>alert(1)</script>\"'&"
    document = {
        "name": name,
        "services": {name: {"owns": ["a"]}, "B": {"owns": ["b"]}},
        "use_cases": {name: [{"create": "b"}], "refer": [{"create": "a", "refers_to": ["b"]}]},
    }
    file = tmp_path / "hostile.bac.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    text = page(file, tmp_path / "report.html")
    assert "<script>alert" not in text
    assert text.count("<script") == 3
    assert name in "".join(read(text).words)


def test_texts_can_be_read_in_light_and_in_dark() -> None:
    schemes = re.findall(r":root \{(.*?)\}", asset("page.css"), re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        for ground in ("paper", "panel", "mark"):
            for ink in ("ink", "muted", "bad", "good", "open", "accent"):
                if (ground, ink) != ("mark", "muted"):
                    assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)


# The same states and anomalies as in Python


def small_systems(file: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The systems of the plans of a file as the page has them, each with what Python finds."""
    specification = load(file)
    for plan in specification.plans:
        if (expected := counted(specification, plan)) is not None:
            wrong = anomalies(specification.architecture, plan, 1)
            data = embedded(system(specification.architecture, plan, 1), [each.formula for each in wrong])
            yield f"{file.name}: {plan.name}", data, expected


def counted(specification: Specification, plan: Plan) -> dict[str, Any] | None:
    """States, transitions, and the shortest lengths of each anomaly; nothing of a larger system."""
    built = system(specification.architecture, plan, 1)
    wrong = anomalies(specification.architecture, plan, 1)
    # What is never found keeps the search going until all states are known.
    wanted = (*(each.formula for each in wrong), FALSE)
    result = explicit(built, Query(settled=wanted), Limits(states=MOST_STATES))
    if result.limit is not None:
        return None
    lengths = [
        [None if (path := found.get(timing)) is None else len(path) for timing in (Timing.ANY_TIME, Timing.AT_REST)]
        for found in result.settled[:-1]
    ]
    return {"states": result.statistics.states, "transitions": result.statistics.transitions, "lengths": lengths}


COUNT = """
const systems = JSON.parse(INPUT);
systems.map((data) => {
  const explored = new TransitionSystem(data, data.system, data.wanted).explore(1e6);
  const lengths = data.wanted.map((number) => {
    const found = explored.formulas.get(number);
    return [found.flight, found.rest];
  });
  return { states: explored.states, transitions: explored.transitions, lengths };
});
"""


def conforms(files: list[Path]) -> None:
    cases = [case for file in files for case in small_systems(file)]
    assert cases
    found = evaluated([data for _, data, _ in cases])
    for (name, _, expected), counts in zip(cases, found, strict=True):
        assert counts == expected, name


def evaluated(systems: list[dict[str, Any]]) -> Any:
    """The counts of the interpreter of the page, in a browser if there is one."""
    code = asset("interpreter.js").replace('"use strict";', "")
    if CHROMIUM is not None:
        sync = pytest.importorskip("playwright.sync_api")
        with sync.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            tab = browser.new_page()
            tab.add_script_tag(content=code)
            result = tab.evaluate("(INPUT) => eval(`" + COUNT.replace("`", "") + "`)", json.dumps(systems))
            browser.close()
            return result
    assert NODE is not None
    script = (
        f"{code}\nconst INPUT = require('fs').readFileSync(0, 'utf8');\nconsole.log(JSON.stringify(eval(`{COUNT}`)))"
    )
    done = subprocess.run([NODE, "-e", script], input=json.dumps(systems), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


needs_engine = pytest.mark.skipif(CHROMIUM is None and NODE is None, reason="neither Chromium nor Node.js is installed")
CASES = sorted(CORPUS.glob("*.bac.yaml"))


@needs_engine
def test_the_page_counts_the_states_and_anomalies_of_the_examples() -> None:
    conforms(sorted(EXAMPLES.rglob("*.bac.yaml")))


@needs_engine
def test_the_page_counts_the_states_and_anomalies_of_some_cases() -> None:
    conforms(CASES[::6])


@needs_engine
@pytest.mark.slow
def test_the_page_counts_the_states_and_anomalies_of_every_case() -> None:
    conforms(CASES)


# In a browser


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on the sales application."""
    file = tmp_path_factory.mktemp("sales") / "report.html"
    page(SALES, file)
    return file


@pytest.fixture
def browser(sales: Path) -> Iterator[Any]:
    """That report in a real browser, which must not complain about anything."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = started.new_page(reduced_motion="reduce")
        complaints: list[str] = []
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        tab.goto(sales.as_uri())
        yield tab
        started.close()
    assert complaints == []


def play(tab: Any, plan: str, anomaly: str) -> None:
    """Open the run of an anomaly of a plan."""
    details = (
        tab.locator("article", has=tab.locator(f"h3:text-is('{plan}')")).locator("details", has_text=anomaly).first
    )
    details.locator("summary").click()
    details.locator("button.play").click()


def actions(tab: Any) -> list[str]:
    return [re.sub(r"^⚠? ?\d+\.", "", text).strip() for text in tab.locator("#steps li").all_inner_texts()]


def test_a_broken_link_goes_when_the_backup_is_taken_later(browser: Any) -> None:
    play(browser, "nightly", "customer → shipment")
    assert "After recovery: broken link customer → shipment" in browser.locator("#verdict").inner_text()
    steps = browser.locator("#steps li")
    wrong = next(n for n, text in enumerate(actions(browser)) if text.startswith("snapshot shipping"))
    cause = next(n for n, text in enumerate(actions(browser)) if "link customer to shipment" in text)
    assert "culprit" in steps.nth(wrong).get_attribute("class")
    steps.nth(wrong).drag_to(steps.nth(cause))
    assert "After recovery nothing is wrong" in browser.locator("#verdict").inner_text()


def test_a_move_that_is_not_possible_says_why(browser: Any) -> None:
    play(browser, "nightly", "customer → shipment")
    order = next(n for n, text in enumerate(actions(browser)) if "create order" in text)
    for _ in range(order):
        browser.locator("#steps li").nth(order).get_by_role("button", name="earlier").click()
        order -= 1
    text = browser.locator("#verdict").inner_text()
    assert "cannot happen here: it needs" in text
    assert "create customer" in text


def test_switching_an_option_of_recovery(browser: Any) -> None:
    play(browser, "storage snapshot", "missing state")
    assert "missing state" in browser.locator("#verdict").inner_text()
    browser.locator("#switch-resume").check()
    browser.locator("#switch-replay").check()
    assert "nothing is wrong" in browser.locator("#verdict").inner_text()


def test_a_run_is_found_and_its_copy_is_confirmed(browser: Any, tmp_path: Path) -> None:
    browser.locator("#player-plan").select_option("survivors")
    browser.locator("#wanted").select_option(label="broken link order → customer")
    browser.locator("#find").click()
    assert "A shortest run has" in browser.locator("#player").inner_text()
    assert "broken link order → customer" in browser.locator("#verdict").inner_text()
    browser.locator("#copy").click()
    trace = tmp_path / "run.json"
    trace.write_text(browser.locator("#trace").input_value(), encoding="utf-8")
    confirmed = bac("replay", trace)
    assert confirmed.exit_code == 0, confirmed.output
    assert "confirmed by the interpreter" in confirmed.stdout


def test_a_run_under_a_switched_option_is_confirmed_when_it_is_copied(browser: Any, tmp_path: Path) -> None:
    browser.locator("#player-plan").select_option("independent")
    browser.locator("#switch-replay").check()
    browser.locator("#find").click()
    browser.locator("#copy").click()
    trace = tmp_path / "run.json"
    trace.write_text(browser.locator("#trace").input_value(), encoding="utf-8")
    assert '"replay": true' in trace.read_text(encoding="utf-8")
    confirmed = bac("replay", trace)
    assert confirmed.exit_code == 0, confirmed.output


def test_every_run_of_the_page_is_confirmed_when_it_is_copied(browser: Any, tmp_path: Path) -> None:
    number = browser.locator("button.play").count()
    assert number > 10
    for index in range(number):
        browser.evaluate(f"document.querySelectorAll('button.play')[{index}].click()")
        browser.evaluate("document.getElementById('copy').click()")
        trace = tmp_path / f"{index}.json"
        trace.write_text(browser.locator("#trace").input_value(), encoding="utf-8")
        confirmed = bac("replay", trace)
        assert confirmed.exit_code == 0, confirmed.output


def test_the_address_brings_back_a_run(browser: Any) -> None:
    play(browser, "nightly", "customer → shipment")
    steps, address = actions(browser), browser.url
    browser.goto("about:blank")
    browser.goto(address)
    assert [text.removeprefix("⚠ ") for text in actions(browser)] == steps
    assert "customer → shipment" in browser.locator("#verdict").inner_text()


def test_plans_are_sorted_compared_and_filtered(browser: Any) -> None:
    browser.get_by_role("button", name="broken link").click()
    browser.get_by_role("button", name="broken link").click()
    first = browser.locator("#matrix tbody tr").first
    assert first.locator("td").nth(4).inner_text() == "3"
    browser.locator("#compare-left").select_option("independent")
    browser.locator("#compare-right").select_option("quiesced")
    assert "broken link order -> customer" in browser.locator("#comparison").inner_text().replace("→", "->")
    browser.locator("#filter-kind").select_option("orphan-state")
    shown = browser.locator("details.anomaly:visible").all_inner_texts()
    assert shown
    assert all(text.startswith("orphan state") for text in shown)


def test_the_slider_goes_through_a_run_by_keys(browser: Any) -> None:
    play(browser, "nightly", "customer → shipment")
    browser.locator("#scrubber").focus()
    browser.keyboard.press("Home")
    assert "Before the first action" in browser.locator("#player").inner_text()
    browser.keyboard.press("ArrowRight")
    assert "After action 1: step" in browser.locator("#player").inner_text()


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Any) -> None:
    browser.set_viewport_size({"width": 390, "height": 800})
    assert browser.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("name", "keys"), [("sales", ("kind", "services", "tolerated")), ("ftgo/ftgo", ("cause", "timing"))]
)
def test_each_filter_leaves_what_it_says(browser: Any, name: str, keys: tuple[str, ...], tmp_path: Path) -> None:
    page(EXAMPLES / f"{name}.bac.yaml", tmp_path / "report.html")
    browser.goto((tmp_path / "report.html").as_uri())
    for key in keys:
        choices = browser.locator(f"#filter-{key} option").all_inner_texts()
        assert choices[0] == "all"
        assert len(choices) > 2
        for choice in choices[1:]:
            browser.locator(f"#filter-{key}").select_option(choice)
            shown = browser.locator("details.anomaly:visible")
            values = [shown.nth(n).get_attribute(f"data-{key}") for n in range(shown.count())]
            assert values
            assert all(choice in value.split("|" if key == "services" else " ") for value in values)
        browser.locator(f"#filter-{key}").select_option("all")


def test_a_disaster_can_be_moved_before_what_goes_wrong(browser: Any) -> None:
    play(browser, "nightly", "customer → shipment")
    steps = browser.locator("#steps li")
    last = next(n for n, text in enumerate(actions(browser)) if text.startswith("disaster"))
    steps.nth(last).drag_to(steps.nth(last - 3))
    assert "broken link" not in browser.locator("#verdict").inner_text()


def test_the_graph_of_a_plan_marks_the_links_that_can_break(browser: Any) -> None:
    titles = browser.locator("#architecture title").all_text_contents()
    assert any("can break: order → customer" in title for title in titles)
    assert browser.locator("#architecture figure").count() > 1
