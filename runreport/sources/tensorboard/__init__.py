"""TensorBoard event files: scalars, hyperparameters, and what else was logged. A folder is a run.

    - {tensorboard: logs}
    - {tensorboard: logs/fit, join_folders: [train, validation]}

A run is a folder with event files (`*tfevents*`), its id the path below the location. Folders that
loggers write into a run's folder are parts of it: `train`, `validation` and the like (metrics begin
with the folder's name: `train/epoch_loss`), those of `add_scalars` (`loss/a`) and of `add_hparams`.
Scalars become metrics under their tags, steps as logged, values as the file holds them (mostly
float32), all points kept, also those that TensorBoard hides after a restart. What the hparams
plugin wrote becomes params and status; a JSON object or a table `|param|value|` that was logged as
text under `args`, `config`, `hparams` or `hyperparameters` becomes params too. Images, texts,
histograms, curves, sounds, meshes and graphs become artifacts. Checksums are verified, but for
records over 64 kB without numbers, which are skipped over. Not read: profiles, and files beside the
event files.
"""

from __future__ import annotations

from pathlib import Path

from runreport.kinds import Found, Reader, Source, SourceContext
from runreport.sources.tensorboard.options import Options

__all__ = ["SOURCE", "Options"]


def open_events(options: Options, context: SourceContext) -> Reader:
    """The reader of a location, loaded where a report has event files.

    Raises:
        SourceError: RR370 when nothing is there.
    """
    from runreport.sources.partitions import PartitionReader
    from runreport.sources.tensorboard.store import EventStore
    from runreport.sources.trees import locate

    location = locate(context.base, options.location, "a folder with event files")
    store = EventStore(location, options.join_folders)
    key = "\0".join((str(location), *sorted(options.join_folders)))
    return PartitionReader(store, context, "tensorboard", key)


def detect(path: Path) -> Found | None:
    """As `detect.detect`, loaded where somebody looks."""
    from runreport.sources.tensorboard.detect import detect as found_at

    return found_at(path)


SOURCE = Source(name="tensorboard", options=Options, open=open_events, detect=detect)
