"""Writes the stores of this example: two made-up models, two small benchmarks.

    python study.py inspect    # with inspect-ai installed
    python study.py lm_eval    # with lm-eval installed

The models answer by a seeded draw: `large` knows more than `small`, and mostly knows what it knows.
Run it outside of a Git checkout, since logs name the commit they were made at.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

SUBJECTS = ("sums", "products", "differences", "remainders")
SKILL = {"small": 0.62, "large": 0.80}
ITEMS = 48


def questions(benchmark: str) -> list[dict[str, object]]:
    """Arithmetic, twelve questions of each subject."""
    draw = random.Random(f"{benchmark} questions")
    found = []
    for number in range(ITEMS):
        subject = SUBJECTS[number % len(SUBJECTS)]
        a, b = draw.randint(10, 99), draw.randint(2, 9)
        sign, answer = {
            "sums": ("+", a + b),
            "products": ("*", a * b),
            "differences": ("-", a - b),
            "remainders": ("%", a % b),
        }[subject]
        question = f"{a} {sign} {b} ="
        found.append({"q": question, "answer": answer, "subject": subject, "number": number})
    return found


def knows(benchmark: str, model: str) -> list[bool]:
    """Which questions a model answers rightly: how hard one is, is the same for both."""
    hardness = random.Random(f"{benchmark} hardness")
    luck = random.Random(f"{benchmark} {model}")
    return [
        0.7 * hardness.random() + 0.3 * luck.random() < SKILL[model] * 0.9 for _ in range(ITEMS)
    ]


def write_inspect(folder: Path) -> None:
    import inspect_ai
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import match
    from inspect_ai.solver import generate

    asked = questions("arithmetic")
    dataset = [
        Sample(
            id=item["number"],
            input=str(item["q"]),
            target=str(item["answer"]),
            metadata={"subject": item["subject"]},
        )
        for item in asked
    ]
    for model in SKILL:
        outputs = []
        for item, right in zip(asked, knows("arithmetic", model), strict=True):
            said = str(item["answer"] if right else "I do not know")
            output = ModelOutput.from_content(f"mockllm/{model}", said)
            output.usage = ModelUsage(input_tokens=6, output_tokens=2, total_tokens=8)
            outputs.append(output)
        inspect_ai.eval(
            inspect_ai.Task(dataset=MemoryDataset(dataset, name="arithmetic"), name="arithmetic",
                 solver=generate(), scorer=match()),
            model=get_model(f"mockllm/{model}", custom_outputs=outputs),
            log_dir=str(folder),
            display="none",
            max_connections=1,
            max_samples=1,
        )  # fmt: skip


def write_lm_eval(folder: Path) -> None:
    import lm_eval
    from lm_eval.api.model import LM
    from lm_eval.api.registry import register_model
    from lm_eval.loggers import EvaluationTracker

    asked = questions("choices")
    docs = []
    for item in asked:
        answer = int(str(item["answer"]))
        docs.append({"q": item["q"], "choices": [str(answer), str(answer + 1)], "gold": 0,
                     "subject": item["subject"]})  # fmt: skip
    Path("docs.jsonl").write_text("".join(f"{json.dumps(doc)}\n" for doc in docs))
    task = {
        "task": "choices", "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": "docs.jsonl"}},
        "test_split": "test", "output_type": "multiple_choice",
        "doc_to_text": "{{q}}", "doc_to_target": "gold", "doc_to_choice": "{{choices}}",
        "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
    }  # fmt: skip
    gold = {str(item["q"]): item["answer"] for item in asked}
    for model in SKILL:
        right = {str(item["q"]): ok
                 for item, ok in zip(asked, knows("choices", model), strict=True)}  # fmt: skip

        @register_model(f"mockllm/{model}")
        class Mock(LM):
            known = right
            answers = gold

            def __init__(self, **_arguments):
                super().__init__()

            def loglikelihood(self, requests):
                found = []
                for request in requests:
                    question, choice = request.args
                    first = choice.strip() == str(self.answers[question])
                    found.append((0.0 if first == self.known[question] else -1.0, False))
                return found

            def loglikelihood_rolling(self, requests):
                raise TypeError(f"{len(requests)} texts to rate; the task asks for choices alone")

            def generate_until(self, requests):
                raise TypeError(f"{len(requests)} texts to write; the task asks for choices alone")

        tracker = EvaluationTracker(output_path=str(folder))
        results = lm_eval.simple_evaluate(
            model=f"mockllm/{model}", model_args=f"pretrained={model}", tasks=[task],
            bootstrap_iters=100, evaluation_tracker=tracker, log_samples=True,
        )  # fmt: skip
        samples = results.pop("samples")
        tracker.save_results_aggregated(results=results, samples=samples)
        for name, own in samples.items():
            tracker.save_results_samples(task_name=name, samples=own)
    Path("docs.jsonl").unlink()


if __name__ == "__main__":
    {"inspect": write_inspect, "lm_eval": write_lm_eval}[sys.argv[1]](Path(sys.argv[1]))
