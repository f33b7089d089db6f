"""Whether services that are rebuilt from nothing count as backed up: whether all of their steps can come back.

Source: docs/semantics.md, "Properties".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bac.model.architecture import Caching, Step, UseCase, Verb, Via
from bac.model.modes import Image
from bac.model.setting import Setting, followers


def no_way_back(setting: Setting) -> Iterator[tuple[UseCase, Step]]:
    """Yield the steps of services that are rebuilt which cannot come back from services that are not."""
    sources = Sources(setting)
    for case, step in setting.architecture.steps():
        if sources.is_rebuilt(step) and not sources.gives_back(case, step):
            yield case, step


@dataclass(frozen=True)
class Sources:
    """The places from which the steps of services that are rebuilt can come back."""

    setting: Setting

    def is_rebuilt(self, step: Step) -> bool:
        """Whether the step is in a service that comes back empty."""
        external = step.service in self.setting.external
        return not external and self.setting.modes[step.service].image is Image.EMPTY

    def gives_back(self, case: UseCase, step: Step) -> bool:
        """Whether a step of a service that is rebuilt can come back, or need not."""
        tolerated = (case.name, step.number) in self.setting.architecture.tolerance.missing_state
        return tolerated or self.goes_on(case, step) or self.is_retried(case, step) or self.is_kept(case, step)

    def goes_on(self, case: UseCase, step: Step) -> bool:
        """Whether the step follows again from those before it."""
        recovery = self.setting.plan.recovery
        if not step.predecessors or not (recovery.replay if step.via is Via.EVENT else recovery.resume):
            return False
        earlier = (case.step(number) for number in step.predecessors)
        return all(not self.is_rebuilt(each) or self.gives_back(case, each) for each in earlier)

    def is_retried(self, case: UseCase, step: Step) -> bool:
        """Whether the step is the first of a use case of which a trace is left somewhere."""
        retry = self.setting.plan.recovery.retry and not step.predecessors
        return retry and any(not self.is_rebuilt(other) for other in case.steps)

    def is_kept(self, case: UseCase, step: Step) -> bool:
        """Whether a copy, or the holder of a cached link, has kept what the step did."""
        if step.verb is Verb.COPY or step.entity.name not in self.setting.plan.recovery.backfill:
            return False
        copies = (
            later for later in followers(case, (step,)) if later.verb is Verb.COPY and later.entity == step.entity
        )
        return any(not self.is_rebuilt(copy) for copy in copies) or self.is_cached(step)

    def is_cached(self, step: Step) -> bool:
        """Whether a link to what the step creates is cached where it is made."""
        architecture = self.setting.architecture
        caches = dict(architecture.caches)
        return step.verb is Verb.CREATE and any(
            caches.get((link.holder.name, link.target.name)) is Caching.WITH_THE_LINK
            and not self.is_rebuilt(architecture.links[link][1])
            for link in architecture.links
            if link.target == step.entity
        )
