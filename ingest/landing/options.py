"""What the caller of an ingest decides, and which of it makes another load of the same files."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from ingest.errors import RecipeError
from ingest.raw import JobFacts, ReadOptions
from ingest.sources import SourceLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """What the caller decides about an ingest."""

    job_id: str | None = None
    """Instead of the id that the files give. None: training-job name, else run name and time."""
    read: ReadOptions = field(default_factory=ReadOptions)
    force: bool = False
    """Land again what is there already, also under a second job id."""
    workers: int | None = None
    """Threads that build tables. None: one per core."""
    batch_bytes: int = 16 << 20
    """Input taken at a time (bytes); memory is bounded by a few of these."""
    limits: SourceLimits = field(default_factory=SourceLimits)


def options_that_count(options: ReadOptions, facts: JobFacts) -> dict[str, object]:
    """What changes what is landed besides the files; of a recipe its content, not its path.

    Raises RecipeError where the recipe cannot be read.
    """
    recipe = None
    if options.recipe is not None:
        try:
            recipe = sha256(options.recipe.read_bytes()).hexdigest()
        except OSError as error:
            raise RecipeError(
                f"cannot be read ({error.strerror})",
                where=str(options.recipe),
                do="give the YAML recipe of the evaluation job",
            ) from error
    counted: dict[str, object] = {
        "model": options.model,
        "dataset": options.dataset,
        "tags": dict(sorted(options.tags.items())),
        "recipe": recipe,
    }
    if facts.training_started_at_utc is not None:  # SageMaker was asked, so more is known
        counted["training_job"] = facts.training_started_at_utc.isoformat()
    return counted
