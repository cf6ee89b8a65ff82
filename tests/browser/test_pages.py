"""Pages in a real browser: with and without JavaScript, wide and narrow, light and dark."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from ontology.terms import Names
from service.app import create_app
from service.graph.questions import load_questions
from service.graph.store import load_graph
from service.pages.rendering import make_pages
from service.retrieval.encoders import load_encoder
from service.retrieval.index import build_index
from service.retrieval.search import make_search
from service.settings import Settings
from service.state import Manifest, State
from tests.servers import listening

pytestmark = pytest.mark.browser

SMALL = Path(__file__).parents[1] / "service" / "small.trig"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=ja",
    "--accept-lang=ja",
)  # fmt: skip
PATHS = (
    "/", "/search?q=コーチング", "/page/cmbok2.HR-5", "/page/cmbok2.HR", "/queries",
    "/queries/competencies-for-task", "/docs", "/ontology", "/quality", "/reconcile/list",
    "/sparql", "/source/0123456789abcdef",
)  # fmt: skip

ROWS = ".reconciled tbody tr"
REPLACED = (NoSuchElementException, StaleElementReferenceException)

Seen = TypeVar("Seen")
Start = Callable[..., webdriver.Chrome]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    graph = load_graph(SMALL, Names())
    questions = load_questions()
    named = load_encoder("ngram")
    search = make_search(build_index(graph, named), named)
    state = State(
        settings=Settings.read({}, encoder="ngram"),
        graph=graph,
        graph_path=SMALL,
        pages=make_pages(graph, {}, questions, search),
        manifest=Manifest(edition="test"),
        search=search,
        questions=questions,
        encoder="ngram",
    )
    with listening(lambda _: create_app(state)) as root:
        yield root.rstrip("/")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium or its driver is not installed (make test-browser)")
    opened: list[webdriver.Chrome] = []

    def begin(*, script: bool = True) -> webdriver.Chrome:
        options = Options()
        options.binary_location = str(CHROMIUM)
        profile = tmp_path_factory.mktemp("profile")
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not script:
            settings = {"profile.managed_default_content_settings.javascript": 2}
            options.add_experimental_option("prefs", settings)
        opened.append(webdriver.Chrome(options=options, service=Service(str(DRIVER))))
        return opened[-1]

    yield begin
    for each in opened:
        each.quit()


@pytest.fixture(scope="module")
def browser(start: Start) -> webdriver.Chrome:
    return start()


def narrow(browser: webdriver.Chrome, width: int) -> None:
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def until(browser: webdriver.Chrome, look: Callable[[webdriver.Chrome], Seen]) -> Seen:
    """What ``look`` sees once it is true; a page that is just being replaced is looked at again."""
    return WebDriverWait(browser, 60, ignored_exceptions=REPLACED).until(look)


def said(browser: webdriver.Chrome, selector: str, words: str) -> None:
    """Wait until the first element that ``selector`` finds holds ``words``."""
    until(browser, lambda each: words in each.find_element(By.CSS_SELECTOR, selector).text)


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("path", PATHS)
def test_no_page_complains_or_scrolls_sideways(
    browser: webdriver.Chrome, url: str, path: str, width: int
) -> None:
    narrow(browser, width)
    browser.get(url + path)
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_asked_of_other_hosts(browser: webdriver.Chrome, url: str, path: str) -> None:
    browser.get(url + path)
    script = "return performance.getEntriesByType('resource').map(each => each.name)"
    loaded = browser.execute_script(script)
    assert [each for each in loaded if not each.startswith((url, "data:"))] == []


@pytest.mark.parametrize("script", [True, False])
def test_from_a_search_to_a_concept_by_keyboard(start: Start, url: str, script: bool) -> None:
    browser = start(script=script)
    browser.get(url + "/")
    box = browser.switch_to.active_element
    assert box.get_attribute("name") == "q"
    box.send_keys("HR-5", Keys.ENTER)
    first = until(browser, lambda each: each.find_element(By.CSS_SELECTOR, ".hits h2 a"))
    first.send_keys(Keys.ENTER)
    until(browser, lambda each: "/page/cmbok2.HR-5" in each.current_url)
    said(browser, "h1", "コーチング")


def test_the_first_tab_skips_to_the_text(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/page/cmbok2.HR-5")
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"


def suggested(browser: webdriver.Chrome, url: str, typed: str) -> WebElement:
    """The search box of the start page with its suggestions for ``typed``, put in at one stroke."""
    browser.get(url + "/")
    box = browser.find_element(By.ID, "q")
    box.click()
    browser.execute_cdp_cmd("Input.insertText", {"text": typed})
    until(browser, lambda each: each.find_elements(By.CSS_SELECTOR, "#suggestions li"))
    return box


@pytest.mark.parametrize("typed", ["コー", "hr5", "ｈｒ－５"])
def test_typing_suggests_and_the_keyboard_chooses(
    browser: webdriver.Chrome, url: str, typed: str
) -> None:
    box = suggested(browser, url, typed)
    assert box.get_attribute("aria-expanded") == "true"
    box.send_keys(Keys.ARROW_DOWN)
    chosen = browser.find_element(By.CSS_SELECTOR, "#suggestions [aria-selected=true]")
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    label = chosen.get_attribute("data-value")
    box.send_keys(Keys.ENTER)
    until(browser, lambda each: "/search?q=" in each.current_url)
    said(browser, "h1", str(label))


def test_escape_puts_the_suggestions_away(browser: webdriver.Chrome, url: str) -> None:
    box = suggested(browser, url, "コー")
    box.send_keys(Keys.ESCAPE)
    assert not browser.find_element(By.ID, "suggestions").is_displayed()
    assert box.get_attribute("value") == "コー"


@pytest.mark.parametrize("script", [True, False])
def test_a_facet_narrows_and_is_taken_away(start: Start, url: str, script: bool) -> None:
    browser = start(script=script)
    browser.get(url + "/search?q=コーチング")
    browser.find_element(By.CSS_SELECTOR, ".facets a[href*='kind=']").click()
    until(browser, lambda each: "kind=" in each.current_url)
    until(browser, lambda each: each.find_element(By.CSS_SELECTOR, ".facets [aria-current=true]"))
    browser.find_element(By.LINK_TEXT, "絞り込みをすべて外す").click()
    until(browser, lambda each: "kind=" not in each.current_url)


def test_a_question_is_asked_through_its_form(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/queries/competencies-of-area")
    choice = browser.find_element(By.CSS_SELECTOR, ".params select")
    choice.find_element(By.CSS_SELECTOR, "option[value='cmbok2.PE']").click()
    browser.find_element(By.CSS_SELECTOR, ".params button").click()
    until(browser, lambda each: "area=cmbok2.PE" in each.current_url)
    said(browser, "table", "質問スキル")


def test_sparql_is_asked_through_its_form(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/sparql")
    browser.find_element(By.CSS_SELECTOR, ".editor button").click()
    said(browser, "table", "cmbok2.HR-5")


def test_a_source_passage_is_shown_at_its_place(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/page/cmbok2.HR-5")
    browser.find_element(By.CSS_SELECTOR, ".sources a").send_keys(Keys.ENTER)
    until(browser, lambda each: "/source/" in each.current_url)
    said(browser, "tr:target", "コーチング")


@pytest.mark.parametrize("script", [True, False])
def test_a_pasted_list_is_reconciled_and_ticked(start: Start, url: str, script: bool) -> None:
    browser = start(script=script)
    browser.get(url + "/reconcile/list")
    lines = ["HR-5 コーチング", *(f"質問 {number}" for number in range(44))]
    browser.find_element(By.ID, "lines").send_keys("\n".join(lines))
    browser.find_element(By.CSS_SELECTOR, "#asking button").click()
    said(browser, "#summary", "45 行のうち")
    until(browser, lambda each: len(each.find_elements(By.CSS_SELECTOR, ROWS)) == 45)
    rows = browser.find_elements(By.CSS_SELECTOR, ROWS)
    assert [row.find_element(By.CSS_SELECTOR, ".number").text for row in rows] == [
        str(number) for number in range(1, 46)
    ]
    ticked = browser.find_elements(By.CSS_SELECTOR, "input[name=choice]:checked")
    assert [each.get_attribute("value").split("|")[1] for each in ticked] == ["cmbok2.HR-5"]
    assert browser.find_element(By.ID, "progress").is_displayed() == script


def test_what_is_ticked_is_saved(start: Start, url: str, tmp_path: Path) -> None:
    browser = start()
    place = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", place)
    browser.get(url + "/reconcile/list")
    browser.find_element(By.ID, "lines").send_keys("コーチング")
    browser.find_element(By.CSS_SELECTOR, "#asking button").click()
    said(browser, "#summary", "1 行のうち")
    for button in browser.find_elements(By.CSS_SELECTOR, ".saving button"):
        button.click()
    saved = {"reconciled.csv": "cmbok2.HR-5", "reconciled.sssom.tsv": "skos:exactMatch"}
    for name, words in saved.items():
        file = tmp_path / name
        until(browser, lambda _, file=file: file.exists() and file.stat().st_size)
        assert words in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_readers_choice(
    browser: webdriver.Chrome, url: str, scheme: str
) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(url + "/")
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    shade = sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))
    assert (shade > 600) == (scheme == "light")
