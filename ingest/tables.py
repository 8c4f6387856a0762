"""THE registry of lake tables: every column, its Arrow type, unit, and what null means.

Parquet schemas, the zero-row schema files, Glue tables, expectations and the data dictionary
are all derived from here. Nothing here touches a disk or reads a row.

Large tables live at ``<root>/<table>/job_id=<job>/load_id=<load>/part-*.parquet``: their two
partition keys are in the path, not in the file. Small tables keep both as ordinary columns,
one file per load at ``<root>/<table>/<load_id>.parquet``.
"""

from __future__ import annotations

import pyarrow as pa

from ingest.columns import ALTERNATIVES, BOOL, DOUBLE, INT, LONG, STRING, TIMESTAMP
from ingest.columns import PARTITION_KEYS as PARTITION_KEYS
from ingest.columns import Column as Column
from ingest.columns import Table as Table


def _required(name: str, type_: pa.DataType, description: str) -> Column:
    return Column(name, type_, description, nullable=False)


_JOB_ID = _required("job_id", STRING, "The job: training-job name, else run name and results time.")
_LOAD_ID = _required("load_id", STRING, "The ingest that wrote the row (ULID).")
_EXAMPLE_ID = _required("example_id", STRING, "example_key and repeat_index: `<key>-<repeat>`.")

# A column a line, so that a table reads as one.
# fmt: off
JOBS = Table(
    "jobs",
    ("job_id",),
    "One row per job: what was run, with which model, data and settings.",
    (
        _JOB_ID,
        _LOAD_ID,
        Column("harness", STRING, "What wrote the files: nova, lighteval or bedrock."),
        Column("harness_version", STRING, "Its version or layout generation, as far as the files tell."),
        Column("run_name", STRING, "The run's directory name. Null where the files name none."),
        Column("training_job_name", STRING, "SageMaker training-job name. Null when not known."),
        Column("source_uri", STRING, "Where the files were read from."),
        Column("model_name", STRING, "Model evaluated, as given or as the results file says."),
        Column("model_family", STRING, "Models whose jobs form one trend; by default model_name without a version or checkpoint suffix."),
        Column("task_name", STRING, "Task, e.g. gen_qa; several are joined by a comma."),
        Column("strategy", STRING, "Evaluation strategy, e.g. gen_qa, zs_cot. Null when not known."),
        Column("dataset_id", STRING, "Hash of the sorted set of item keys: the same data gives the same id."),
        Column("dataset_name", STRING, "Data set as given or as the recipe says. Null when not known."),
        Column("evaluated_at_utc", TIMESTAMP, "When the results were written, by the container's clock; a time without offset is taken as UTC."),
        Column("landed_at_utc", TIMESTAMP, "When the load was written, by the ingesting machine's clock."),
        Column("evaluation_seconds", DOUBLE, "total_evaluation_time_secondes of the results file. Null when absent."),
        Column("examples_expected", LONG, "Sum of effective_num_docs over tasks. Null where the files do not say."),
        Column("examples", LONG, "Examples landed (count)."),
        Column("temperature", DOUBLE, "Sampling temperature of the recipe. Null when not known."),
        Column("top_p", DOUBLE, "Nucleus sampling mass of the recipe. Null when not known."),
        Column("top_k", LONG, "Top-k of the recipe (tokens). Null when not known."),
        Column("max_new_tokens", LONG, "Longest answer allowed (tokens). Null when not known."),
        Column("top_logprobs", LONG, "Alternatives recorded per position (count). Null when not known."),
        Column("reasoning_effort", STRING, "Reasoning effort of the recipe. Null when not set."),
        Column("replicas", LONG, "Evaluation instances (count), 1 where nothing else is known."),
        Column("instance_type", STRING, "Instance type. Null when not known."),
        Column("training_started_at_utc", TIMESTAMP, "Start of the training job. Null when not known."),
        Column("training_ended_at_utc", TIMESTAMP, "End of the training job. Null when not known."),
        Column("training_seconds", DOUBLE, "Duration of the training job. Null when not known."),
        Column("container_image", STRING, "Image of the evaluation container. Null when not known."),
        Column("tags_json", STRING, "Tags given at ingest, a JSON object of strings."),
        Column("recipe_json", STRING, "The recipe as JSON. Null when none was given."),
        Column("hyperparameters_json", STRING, "Hyperparameters of the training job, a JSON object of strings. Null where SageMaker was not asked or has none."),
        Column("config_json", STRING, "config_general and config_tasks of the results file, as JSON. Null when there is no results file."),
    ),
    is_large=False,
)

JOB_METRICS = Table(
    "job_metrics",
    ("job_id", "task_key", "metric_name"),
    "The container's own aggregates, as reported and not corrected.",
    (
        _JOB_ID,
        _LOAD_ID,
        _required("task_key", STRING, "Task key as in the results file, e.g. custom|gen_qa_gen_qa|0, or `all`."),
        Column("task_name", STRING, "Task without suite, strategy, subtask and shots, e.g. gen_qa or mmlu."),
        Column("subtask", STRING, "Subtask after the colon. Null where the task has none; `_average` for the mean row."),
        _required("metric_name", STRING, "Metric, e.g. rouge1; nested groups joined by dots."),
        Column("value", DOUBLE, "The aggregate as reported, on the metric's own scale. Null where it is not a finite number."),
        Column("stderr", DOUBLE, "Standard error as reported (see the audit for its known faults). Null when not reported."),
        Column("higher_is_better", BOOL, "Direction as configured. Null when not known."),
        Column("aggregation", STRING, "mean, min, max, sum, average or corpus. Null when not known."),
        Column("scale_max", DOUBLE, "Largest value the metric can take: 1, or 100 for bleu. Null when not known."),
        Column("examples_expected", LONG, "effective_num_docs of the task (count). Null when not reported."),
        Column("source_file", STRING, "Results file it was read from."),
    ),
    is_large=False,
)

EXAMPLES = Table(
    "examples",
    ("job_id", "example_id"),
    "One row per example: the prompt, the gold answer and what the model said.",
    (
        _EXAMPLE_ID,
        _required("example_key", STRING, "Hash of (system prompt, query, gold): jobs pair by it."),
        _required("item_key", STRING, "Hash of (query, gold): pairs across a changed system prompt."),
        _required("repeat_index", INT, "0-based repeat of the same example_key within the job."),
        _required("task_key", STRING, "Task key as in the results file."),
        Column("task_name", STRING, "Task without suite, strategy, subtask and shots."),
        Column("subtask", STRING, "Subtask after the colon. Null where the task has none."),
        Column("sample_id", STRING, "The harness's own id of the sample. Null where it has none."),
        Column("system_prompt", STRING, "System prompt. Null where none was recorded."),
        Column("query", STRING, "The user's text. Null where none was recorded."),
        Column("gold_text", STRING, "The (first) gold answer. Null where there is none."),
        Column("gold_count", INT, "Gold answers given (count)."),
        Column("gold_texts_json", STRING, "All gold answers as a JSON array where there are several. Null otherwise."),
        Column("prediction_text", STRING, "The model's (first) answer as recorded, special tokens and leading space included; character ranges count in it. Null where none was recorded."),
        Column("prediction_count", INT, "Answers sampled for this row (count)."),
        Column("predictions_json", STRING, "All answers as a JSON array where there are several. Null otherwise."),
        Column("metadata_text", STRING, "The metadata as given. Null where the row carries none."),
        Column("gold_format", STRING, "How the gold answer was read: json, python, repaired, markdown, text or empty. Null where there is none."),
        Column("prediction_format", STRING, "How the answer was read: json (as it stands, the container's special tokens aside), python, repaired, markdown, text or empty. Null where there is none."),
        Column("logprobs_status", STRING, "ok, absent (not captured), empty (an empty answer), malformed, or not_logprobs (values above 0)."),
        Column("positions", INT, "Token positions recorded (tokens). Null where log probabilities are not ok."),
        Column("alignment", STRING, "exact (the whole text), partial or none. Null where log probabilities are not ok."),
        Column("aligned_characters", INT, "Characters of the answer explained by tokens before the first gap. Null where log probabilities are not ok."),
        Column("alignment_count", INT, "Token sequences that spell the text, capped at 1000; above 1 the text does not decide. Null where log probabilities are not ok, 0 where none does."),
        Column("notebook_confidence", DOUBLE, "Confidence of the answer's class as the published notebook computes it, its flaws included (0 where it finds no class or no probability). See ingest/examples/notebook.py."),
        _required("source_file", STRING, "File the row was read from, relative to the source."),
        _required("source_row", LONG, "0-based row in that file."),
    ),
)

EXAMPLE_METADATA = Table(
    "example_metadata",
    ("job_id", "example_id", "metadata_key", "metadata_value"),
    "Metadata flattened: nested keys with dots, one row per array element.",
    (
        _EXAMPLE_ID,
        _required("metadata_key", STRING, "Key, nested keys joined by dots; `metadata` for a plain string."),
        _required("metadata_value", STRING, "Value as text; JSON null is not landed, so a missing key has no row."),
        _required("value_type", STRING, "string, number or boolean."),
    ),
)

EXAMPLE_METRICS = Table(
    "example_metrics",
    ("job_id", "example_id", "metric_name"),
    "Metric values per example, bring-your-own metrics included.",
    (
        _EXAMPLE_ID,
        _required("metric_name", STRING, "Metric; nested groups joined by dots."),
        Column("metric_value", DOUBLE, "The value on the metric's own scale. Null where it is not a finite number."),
        _required("value_status", STRING, "ok, null, not_finite or not_scalar (aggregated only over the corpus)."),
    ),
)

EXAMPLE_TOKENS = Table(
    "example_tokens",
    ("job_id", "example_id", "position"),
    "One row per emitted token, found by aligning candidates with the text.",
    (
        _EXAMPLE_ID,
        _required("position", INT, "0-based position in the answer."),
        Column("token", STRING, "The emitted token as recorded (▁ stands for a space). Null where no candidate fits the text."),
        Column("logprob", DOUBLE, "Natural log probability of the emitted token, ≤ 0. Null where no candidate fits or none was recorded."),
        Column("char_start", INT, "First character of the answer it covers (0-based). Null where it is not aligned."),
        Column("char_end", INT, "One past the last character it covers; equals char_start for a token that is not in the text."),
        Column("margin", DOUBLE, "logprob minus the best other candidate's logprob (nats); below 0 where another was likelier. Null with one candidate or no logprob."),
        Column("topk_entropy_nats", DOUBLE, "Entropy of the recorded candidates, renormalised (nats). Null with no finite candidate."),
        Column("emitted_rank", INT, "Recorded candidates likelier than the emitted one (count). Null where not aligned."),
        Column("candidates", INT, "Candidates recorded at this position (count)."),
        _required("is_ambiguous", BOOL, "Whether another token sequence that spells the text differs here."),
        Column("alternatives", ALTERNATIVES, "All recorded candidates in their recorded order."),
    ),
)

EXAMPLE_FIELDS = Table(
    "example_fields",
    ("job_id", "example_id", "side", "field_path"),
    "Every leaf of a structured answer, predicted and gold; plain text is one leaf at `$`.",
    (
        _EXAMPLE_ID,
        _required("side", STRING, "predicted or gold."),
        _required("field_path", STRING, "Path of the leaf, e.g. class, items[0].name; `$` for plain text."),
        Column("field_value", STRING, "The leaf's value as text. Null for JSON null."),
        Column("normalized_value", STRING, "For comparison: trimmed, NFC, case-folded, underscores as spaces, numbers canonical. Null for JSON null."),
        _required("value_type", STRING, "string, number, boolean, null, object (empty) or array (empty)."),
        Column("char_start", INT, "First character of the value in the answer, without quotes (0-based). Null where unknown."),
        Column("char_end", INT, "One past its last character."),
        _required("is_cut_short", BOOL, "Whether the answer ends inside the value, so that only its beginning is known: a string without its closing quote, or a number that nothing follows, in a repaired answer."),
        Column("first_token_position", INT, "Position of the first emitted token that overlaps the value. Null on the gold side, for an empty value, or without alignment there."),
        Column("last_token_position", INT, "Position of the last such token."),
        Column("first_token_logprob", DOUBLE, "Log probability of the first such token (nats). Null where it has none."),
        Column("sum_token_logprob", DOUBLE, "Sum over the tokens that overlap the value (nats). Null if any of them has none."),
        Column("min_token_logprob", DOUBLE, "Smallest of them (nats). Null if any of them has none."),
        Column("first_token_margin", DOUBLE, "Margin of the first such token (nats)."),
        Column("first_token_entropy_nats", DOUBLE, "Entropy of the candidates at the first such token (nats)."),
        Column("first_token_straddles", BOOL, "Whether the first such token also covers text outside the value. Null where there is none."),
        Column("is_token_ambiguous", BOOL, "Whether the value's tokens differ between the sequences that spell the text. Null where there is none."),
        Column("rouge_l", DOUBLE, "ROUGE-L F1 of this predicted leaf against the gold leaf at the same path, in [0, 1]; text leaves only. Null on the gold side or without a counterpart."),
    ),
)

EXAMPLE_BLEU = Table(
    "example_bleu",
    ("job_id", "example_id"),
    "What an example adds to the corpus BLEU of its task, as sacrebleu counts; only for tasks that report BLEU.",
    (
        _EXAMPLE_ID,
        *(
            _required(f"correct_{n}", LONG, f"{n}-grams of the answer that a gold answer has too, each counted at most as often as there (count).")
            for n in range(1, 5)
        ),
        *(_required(f"total_{n}", LONG, f"{n}-grams of the answer (count).") for n in range(1, 5)),
        _required("prediction_words", LONG, "Tokens of the answer by the 13a tokeniser (count)."),
        _required("reference_words", LONG, "Tokens of the gold answer closest in length, the shorter of two (count)."),
    ),
)

JUDGMENTS = Table(
    "judgments",
    ("job_id", "prompt_key"),
    "One row per judged prompt: both passes of the judge, votes and scores.",
    (
        _required("prompt_key", STRING, "Hash of the judged prompt and both responses, and its repeat."),
        _required("item_key", STRING, "Hash of the judged prompt alone, of the whole row where none was recorded: rows that share it are one cluster."),
        _required("task_key", STRING, "Task key as in the results file."),
        Column("prompt", STRING, "The judged prompt. Null where the job recorded none."),
        Column("response_a", STRING, "First response. Null where not recorded."),
        Column("response_b", STRING, "Second response. Null where not recorded."),
        Column("forward_verdict", STRING, "A, B or tie, responses in order A, B. Null unless forward_status is ok."),
        Column("backward_verdict", STRING, "A, B or tie in terms of the same responses, shown in order B, A. Null unless backward_status is ok."),
        _required("forward_status", STRING, "ok, absent (no such pass recorded), error (the judge gave nothing) or unknown_words (what it gave is no verdict)."),
        _required("backward_status", STRING, "As forward_status, or orientation_unknown: the scores do not tell whether its A is response A or the one shown first."),
        Column("forward_output", STRING, "The judge's own words, forward pass."),
        Column("backward_output", STRING, "The judge's own words, backward pass."),
        Column("a_votes", DOUBLE, "Votes for A (count, 0 to 2), as the row reports them, else by its verdicts. Null where neither tells."),
        Column("b_votes", DOUBLE, "Votes for B (count, 0 to 2), likewise."),
        Column("tie_votes", DOUBLE, "Votes for a tie (count, 0 to 2), likewise."),
        Column("error_votes", DOUBLE, "Passes that gave no verdict (count, 0 to 2), likewise."),
        Column("score_a", DOUBLE, "Weighted rubric score of A in [0, 1]. Null without a rubric."),
        Column("score_b", DOUBLE, "Weighted rubric score of B in [0, 1]. Null without a rubric."),
        Column("margin_a_minus_b", DOUBLE, "score_a minus score_b, as documented by the container."),
        Column("justification", STRING, "The judge's overall justification. Null where not recorded."),
        Column("metadata_text", STRING, "The row's metadata as given. Null where it carries none."),
        _required("source_file", STRING, "File the row was read from, relative to the source."),
        _required("source_row", LONG, "0-based row in that file."),
    ),
)

JUDGMENT_METADATA = Table(
    "judgment_metadata",
    ("job_id", "prompt_key", "metadata_key", "metadata_value"),
    "Metadata of judged prompts flattened, as example_metadata is.",
    (
        _required("prompt_key", STRING, "The judgment it belongs to."),
        _required("metadata_key", STRING, "Key, nested keys joined by dots; `metadata` for a plain string."),
        _required("metadata_value", STRING, "Value as text; JSON null is not landed, so a missing key has no row."),
        _required("value_type", STRING, "string, number or boolean."),
    ),
)

JUDGMENT_CRITERIA = Table(
    "judgment_criteria",
    ("job_id", "prompt_key", "criterion"),
    "One row per rubric criterion of a judged prompt.",
    (
        _required("prompt_key", STRING, "The judgment it belongs to."),
        _required("criterion", STRING, "Name of the criterion; criteria differ from row to row."),
        Column("criterion_type", STRING, "scale (1 to 5) or binary; rating for a score on the judge's own scale. Null where not said."),
        Column("weight", DOUBLE, "Weight in the overall score, in [0, 1]."),
        Column("score_a", DOUBLE, "Score of A as the judge gave it."),
        Column("score_b", DOUBLE, "Score of B as the judge gave it."),
        Column("normalized_score_a", DOUBLE, "Score of A in [0, 1]: (s - 1) / 4 on a scale, itself otherwise. Null outside the scale or where the type is not known."),
        Column("normalized_score_b", DOUBLE, "Score of B in [0, 1], likewise."),
        Column("description", STRING, "What the criterion asks."),
        Column("justification_a", STRING, "Why A scored so. Null where not recorded."),
        Column("justification_b", STRING, "Why B scored so. Null where not recorded."),
    ),
)

REJECTS = Table(
    "rejects",
    ("job_id", "source_file", "source_row"),
    "Rows that cannot be an example, kept so that nothing is lost.",
    (
        _required("source_file", STRING, "File the row was read from, relative to the source."),
        _required("source_row", LONG, "0-based row in that file (line number minus one in JSONL)."),
        _required("stage", STRING, "read, decode or examples: how far the row came."),
        _required("code", STRING, "Stable machine-readable reason, e.g. invalid_json."),
        _required("message", STRING, "What is wrong, in words."),
        Column("raw_text", STRING, "The row, at most 64 KiB, bytes that are not UTF-8 replaced. Null where it could not be read at all."),
        Column("raw_bytes", LONG, "Its full size (bytes)."),
        Column("raw_sha256", STRING, "SHA-256 of its full bytes, hexadecimal."),
    ),
)

EXPECTATION_RESULTS = Table(
    "expectation_results",
    ("job_id", "table_name", "expectation_key"),
    "What came of each expectation that a load was held against before it was committed. One that found no row to look at has none here, unless that is what is wrong.",
    (
        _JOB_ID,
        _LOAD_ID,
        _required("table_name", STRING, "The lake table whose rows were looked at."),
        _required("expectation_key", STRING, "What tells the expectation from the others of its table: type, columns, condition."),
        _required("expectation_type", STRING, "As Great Expectations names it, e.g. expect_column_values_to_be_between."),
        Column("column_names", STRING, "Columns it looks at, joined by commas. Null for one about the whole table."),
        _required("severity", STRING, "critical (holds the load back) or warning (is recorded)."),
        _required("is_met", BOOL, "Whether enough rows meet it."),
        _required("rows_checked", LONG, "Rows looked at (count); nulls are not, except where being null is the question. Of an expectation about columns, files."),
        _required("rows_unexpected", LONG, "Rows that do not meet it (count)."),
        _required("mostly", DOUBLE, "Smallest share of rows that has to meet it, in [0, 1]."),
        _required("reason", STRING, "Why it is expected."),
        _required("unexpected_values_json", STRING, "A few values that do not meet it, cut short, a JSON array."),
        _required("checked_at_utc", TIMESTAMP, "When it was evaluated, by the validating machine's clock."),
    ),
    is_large=False,
)

LOADS = Table(
    "loads",
    ("load_id",),
    "Snapshot of the log: every load with its state and its row accounting.",
    (
        _JOB_ID,
        _LOAD_ID,
        _required("state", STRING, "current, superseded, dropped, held or vacuumed (its files are removed)."),
        Column("reason", STRING, "Why it is held, or was released, dropped or restored, in the words of the check or of who did it. Null where nobody said."),
        Column("source_uri", STRING, "Where the files were read from."),
        _required("digest", STRING, "Hash of input files, options and reader version."),
        _required("input_digest", STRING, "Hash of the input files alone."),
        Column("format", STRING, "Reader that read them, e.g. nova."),
        Column("ingested_at_utc", TIMESTAMP, "When its ingest began, by the ingesting machine's clock. Null where the load_id does not say."),
        Column("committed_at_utc", TIMESTAMP, "When the load became visible, by the ingesting machine's clock."),
        Column("sequence", LONG, "Number of its commit in the log."),
        Column("rows_read", LONG, "Input rows (count) = landed + merged + duplicate + rejected."),
        Column("rows_landed", LONG, "Input rows that became an example (count)."),
        Column("rows_merged", LONG, "Input rows joined to their twin (count)."),
        Column("rows_duplicate", LONG, "Input rows recognised as copies (count)."),
        Column("rows_rejected", LONG, "Input rows kept in rejects (count)."),
        Column("files_json", STRING, "The same accounting per input file, a JSON array."),
        Column("tables_json", STRING, "Rows written per lake table, a JSON object."),
        Column("findings_json", STRING, "What the reader noticed, a JSON array of {code, message}."),
    ),
    is_large=False,
)

CURRENT_LOADS = Table(
    "current_loads",
    ("job_id",),
    "Snapshot of the log: the one visible load of each job.",
    LOADS.columns,
    is_large=False,
)

SOURCE_TABLES = (
    JOBS,
    JOB_METRICS,
    EXAMPLES,
    EXAMPLE_METADATA,
    EXAMPLE_METRICS,
    EXAMPLE_TOKENS,
    EXAMPLE_FIELDS,
    EXAMPLE_BLEU,
    JUDGMENTS,
    JUDGMENT_METADATA,
    JUDGMENT_CRITERIA,
    REJECTS,
)
"""Tables that a load writes from what its source holds."""

DATA_TABLES = (*SOURCE_TABLES, EXPECTATION_RESULTS)
"""Tables that a load writes."""

SNAPSHOTS = (LOADS, CURRENT_LOADS)
"""Tables that the log is projected into; one object each, replaced whole."""

TABLES: dict[str, Table] = {table.name: table for table in (*DATA_TABLES, *SNAPSHOTS)}
