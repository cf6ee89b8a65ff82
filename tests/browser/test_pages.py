"""Pages in a real browser: with and without JavaScript, wide and narrow, light and dark."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
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
    WebDriverWait(browser, 10).until(lambda each: each.find_elements(By.CSS_SELECTOR, ".hits h2 a"))
    browser.find_element(By.CSS_SELECTOR, ".hits h2 a").send_keys(Keys.ENTER)
    WebDriverWait(browser, 10).until(lambda each: "/page/cmbok2.HR-5" in each.current_url)
    assert browser.find_element(By.TAG_NAME, "h1").text == "コーチング"


def test_the_first_tab_skips_to_the_text(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/page/cmbok2.HR-5")
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"


@pytest.mark.parametrize("typed", ["コー", "hr5", "ｈｒ－５"])
def test_typing_suggests_and_the_keyboard_chooses(
    browser: webdriver.Chrome, url: str, typed: str
) -> None:
    browser.get(url + "/")
    box = browser.find_element(By.ID, "q")
    box.send_keys(typed)
    WebDriverWait(browser, 10).until(
        lambda each: each.find_elements(By.CSS_SELECTOR, "#suggestions li")
    )
    assert box.get_attribute("aria-expanded") == "true"
    box.send_keys(Keys.ARROW_DOWN)
    chosen = browser.find_element(By.CSS_SELECTOR, "#suggestions [aria-selected=true]")
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    label = chosen.get_attribute("data-value")
    box.send_keys(Keys.ENTER)
    WebDriverWait(browser, 10).until(lambda each: "/search?q=" in each.current_url)
    assert label in browser.find_element(By.TAG_NAME, "h1").text


def test_escape_puts_the_suggestions_away(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/")
    box = browser.find_element(By.ID, "q")
    box.send_keys("コー")
    WebDriverWait(browser, 10).until(
        lambda each: each.find_elements(By.CSS_SELECTOR, "#suggestions li")
    )
    box.send_keys(Keys.ESCAPE)
    assert not browser.find_element(By.ID, "suggestions").is_displayed()
    assert box.get_attribute("value") == "コー"


@pytest.mark.parametrize("script", [True, False])
def test_a_facet_narrows_and_is_taken_away(start: Start, url: str, script: bool) -> None:
    browser = start(script=script)
    browser.get(url + "/search?q=コーチング")
    browser.find_element(By.CSS_SELECTOR, ".facets a[href*='kind=']").click()
    WebDriverWait(browser, 10).until(lambda each: "kind=" in each.current_url)
    assert browser.find_elements(By.CSS_SELECTOR, ".facets [aria-current=true]")
    browser.find_element(By.LINK_TEXT, "絞り込みをすべて外す").click()
    WebDriverWait(browser, 10).until(lambda each: "kind=" not in each.current_url)


def test_a_question_is_asked_through_its_form(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/queries/competencies-of-area")
    choice = browser.find_element(By.CSS_SELECTOR, ".params select")
    choice.find_element(By.CSS_SELECTOR, "option[value='cmbok2.PE']").click()
    browser.find_element(By.CSS_SELECTOR, ".params button").click()
    WebDriverWait(browser, 10).until(lambda each: "area=cmbok2.PE" in each.current_url)
    assert "質問スキル" in browser.find_element(By.TAG_NAME, "table").text


def test_sparql_is_asked_through_its_form(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/sparql")
    browser.find_element(By.CSS_SELECTOR, ".editor button").click()
    WebDriverWait(browser, 20).until(lambda each: each.find_elements(By.TAG_NAME, "table"))
    assert "cmbok2.HR-5" in browser.find_element(By.TAG_NAME, "table").text


def test_a_source_passage_is_shown_at_its_place(browser: webdriver.Chrome, url: str) -> None:
    browser.get(url + "/page/cmbok2.HR-5")
    browser.find_element(By.CSS_SELECTOR, ".sources a").send_keys(Keys.ENTER)
    WebDriverWait(browser, 10).until(lambda each: "/source/" in each.current_url)
    assert "コーチング" in browser.find_element(By.CSS_SELECTOR, "tr:target").text


@pytest.mark.parametrize("script", [True, False])
def test_a_pasted_list_is_reconciled_and_ticked(start: Start, url: str, script: bool) -> None:
    browser = start(script=script)
    browser.get(url + "/reconcile/list")
    lines = ["HR-5 コーチング", *(f"質問 {number}" for number in range(44))]
    browser.find_element(By.ID, "lines").send_keys("\n".join(lines))
    browser.find_element(By.CSS_SELECTOR, "#asking button").click()
    WebDriverWait(browser, 60).until(
        lambda each: "45 行のうち" in each.find_element(By.ID, "summary").text
    )
    rows = browser.find_elements(By.CSS_SELECTOR, ".reconciled tbody tr")
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
    WebDriverWait(browser, 20).until(lambda each: each.find_element(By.ID, "summary").text)
    for button in browser.find_elements(By.CSS_SELECTOR, ".saving button"):
        button.click()
    names = ("reconciled.csv", "reconciled.sssom.tsv")
    WebDriverWait(browser, 20).until(lambda _: all((tmp_path / name).exists() for name in names))
    assert "cmbok2.HR-5" in (tmp_path / names[0]).read_text(encoding="utf-8")
    assert "skos:exactMatch" in (tmp_path / names[1]).read_text(encoding="utf-8")


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
