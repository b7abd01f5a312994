"""Work on many models, some at once: what goes wrong with one says nothing of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TypeAlias, TypeVar

from rekeyspec.tools.models import Model

Result = TypeVar("Result")
Stop: TypeAlias = Callable[[], bool]
"""Is it to end?"""


def at_once(
    models: Sequence[Model],
    jobs: int,
    work: Callable[[Model, Stop], Result],
    interrupted: Callable[[Model], Result],
) -> list[Result]:
    """The result of each model in their order, the longest begun first.

    Interrupted, it tells the work that runs to end, and what was not begun then has the result of `interrupted`.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="tlc") as pool:
        longest_first = sorted(models, key=lambda model: -(model.distinct or 0))
        futures: dict[str, Future[Result]] = {
            model.id: pool.submit(work, model, stop.is_set) for model in longest_first
        }
        try:
            for future in as_completed(futures.values()):
                future.result()  # what is raised there is a mistake of ours, and ends the others
        except KeyboardInterrupt:
            pass
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return [interrupted(model) if futures[model.id].cancelled() else futures[model.id].result() for model in models]
