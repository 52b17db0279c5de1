"""What a file store keeps beside its runs: registered models, and datasets of an experiment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from runreport.sources.folders import Folder
from runreport.sources.mlflow.facts import DatasetInput, ModelVersion
from runreport.sources.mlflow.metalines import MAX_BYTES, MetaError, read_tree, text_at
from runreport.sources.mlflow.runfolder import RunFolders

_VERSION = "version-"


def read_versions(root: Folder, name: str, readers: RunFolders) -> dict[str, list[ModelVersion]]:
    """Registered model versions by the run they came from."""
    found: dict[str, list[ModelVersion]] = {}
    for model in _folders(root, name, readers):
        aliases = _aliases(model, readers)
        for folder_name, kind in model.names():
            if kind != "folder" or not folder_name.startswith(_VERSION):
                continue
            number = folder_name.removeprefix(_VERSION)
            try:
                with model.folder(folder_name) as folder:
                    meta = readers.meta(folder)
            except (MetaError, OSError) as error:
                words = f"a model version cannot be read: {error}"
                readers.told.tell("RR306", words, where=model.at(folder_name))
                continue
            stage = meta.get("current_stage")
            if (run := meta.get("run_id")) and stage != "Deleted_Internal":
                named = meta.get("name") or model.path.rpartition("/")[2]
                version = ModelVersion(named, number, aliases.get(number, ()), stage)
                found.setdefault(run, []).append(version)
    return found


def read_datasets(experiment: Folder, readers: RunFolders) -> dict[str, DatasetInput]:
    """Datasets of an experiment by id."""
    found: dict[str, DatasetInput] = {}
    for folder in _folders(experiment, "datasets", readers):
        try:
            data = folder.read("meta.yaml", MAX_BYTES)
            readers.seen(folder.at("meta.yaml"), hashlib.sha256(data).digest())
            tree = read_tree(data.decode("utf-8", "replace"))
        except (MetaError, OSError) as error:
            words = f"a dataset cannot be read: {error}"
            readers.told.tell("RR306", words, where=folder.at("meta.yaml"))
            continue
        source = text_at(tree, "source")
        found[folder.path.rpartition("/")[2]] = DatasetInput(
            text_at(tree, "name") or "", text_at(tree, "digest"), None, source
        )
    return found


def _aliases(model: Folder, readers: RunFolders) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    try:
        for alias, folder, name in model.files("aliases", 0):
            data = folder.read(name, 100)
            readers.seen(folder.at(name), hashlib.sha256(data).digest())
            version = data.decode("utf-8", "replace").strip()
            found[version] = (*found.get(version, ()), alias)
    except OSError as error:
        words = f"aliases cannot be read: {error}"
        readers.told.tell("RR306", words, where=model.at("aliases"))
    return found


def _folders(parent: Folder, name: str, readers: RunFolders) -> Iterator[Folder]:
    """Every folder in a folder that may be missing, one after the other."""
    try:
        with parent.folder(name) as folder:
            for inner, kind in folder.names():
                if kind == "folder":
                    with folder.folder(inner) as one:
                        yield one
    except FileNotFoundError:
        return
    except OSError as error:
        words = f"{name!r} cannot be read to its end: {error}"
        readers.told.tell("RR306", words, where=parent.at(name))
