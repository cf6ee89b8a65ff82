"""Why an id is what it is."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from loaders.artefact import exclusive, publish
from loaders.build import build
from loaders.explain import explain
from loaders.registry import RegistryError, load_registry
from ontology.artefact import BUILDS, CURRENT, GRAPH
from ontology.terms import DEFAULT_BASE, Names

CODES = "● CMBOK2.0 コンピテンシー\n\n運 営\tベース\n人材 HR-1 採用 HR-5 コーチング\n"
AREAS = "CMBOKの各分野について\n1. 人材(HR)\n人を選ぶ。\n- 面接をする仕事\n- 席を決める仕事\n"


def built(folder: Path, base: str = DEFAULT_BASE, areas: str = AREAS) -> Path:
    """A data directory with a build of two small documents."""
    documents, data = folder / "documents", folder / "data"
    documents.mkdir(exist_ok=True)
    (documents / "codes.txt").write_text(CODES, encoding="utf-8")
    (documents / "areas.txt").write_text(areas, encoding="utf-8")
    registry = data / "registry.csv"
    with exclusive(data, registry):
        found = build(
            [documents], load_registry(registry), Names(base),
            today=date(2027, 4, 1), trust_ends=True,
        )  # fmt: skip
        publish(found, data, registry, lambda _: {})
    return data


@pytest.fixture(scope="module", params=[DEFAULT_BASE, "https://example.org/graph/paragraph/"])
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("built"), request.param)


def explained(id: str, data: Path) -> Mapping[str, object]:
    told = explain(id, data, data / "registry.csv")
    assert told is not None
    return told


def test_a_code(data: Path) -> None:
    told = explained("cmbok2.HR-5", data)
    assert "code" in str(told["why"])
    assert (told["parent"], told["label"]) == ("cmbok2.HR", ["コーチング"])
    start = CODES.index("コーチング")
    assert told["text"] == [f"codes.txt char={start},{start + 5}"]
    assert "packaged" in str(told["registry"])


def test_a_number(data: Path) -> None:
    minted = "cmbok2.HR-s5001"
    told = explained(minted, data)
    assert "number" in str(told["why"]) and "ScopeStatement" in str(told["class"])
    assert (told["since"], told["parent"]) == ("2027-04-01", "cmbok2.HR")
    assert told["label"] == ["面接をする仕事"]
    assert told["registry"] == str(data / "registry.csv")
    assert len(told["text hashes"]) == 1  # type: ignore[arg-type]


def test_a_domain_has_a_name_of_ours(data: Path) -> None:
    assert "code" in str(explained("cmbok2.D-operation", data)["why"])


def test_what_is_known_but_not_in_the_build(data: Path) -> None:
    told = explained("cmbok1.HR-5", data)
    assert (told["label"], told["text"]) == ([], [])
    assert "active" in str(told["status"])


def test_what_was_retired(tmp_path: Path) -> None:
    built(tmp_path)
    told = explained("cmbok2.HR-s5001", built(tmp_path, areas=AREAS.replace("面接", "面談の席")))
    assert "retired" in str(told["status"]) or len(told["text hashes"]) == 2  # type: ignore[arg-type]
    gone = built(tmp_path, areas=AREAS.replace("- 席を決める仕事\n", ""))
    assert "retired" in str(explained("cmbok2.HR-s5002", gone)["status"])


@pytest.mark.parametrize("id", ["", "nothing", "cmbok2.HR-99", "cmbok9.HR-5", "task.E9999"])
def test_an_unknown_id(data: Path, id: str) -> None:
    assert explain(id, data, data / "registry.csv") is None


def test_without_a_build_the_registry_answers(tmp_path: Path) -> None:
    told = explained("task.E001", tmp_path)
    assert "label" not in told and told["text hashes"]


def test_of_a_damaged_build_it_says_so(tmp_path: Path) -> None:
    data = built(tmp_path)
    (data / CURRENT / GRAPH).write_text("damaged", encoding="utf-8")
    told = explained("cmbok2.HR-5", data)
    assert GRAPH in str(told["build"]) and told["since"]
    assert (data / BUILDS).is_dir()


def test_a_damaged_registry_is_refused(tmp_path: Path) -> None:
    (tmp_path / "registry.csv").write_text("id,kind\nx,y\n", encoding="utf-8")
    with pytest.raises(RegistryError, match=r"registry\.csv"):
        explain("task.E001", tmp_path, tmp_path / "registry.csv")
