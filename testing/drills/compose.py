"""Drills on the volumes of Docker Compose: backups are archives of volumes, a disaster removes volumes.

UNTESTED: no engine was at hand.  The commands are held to what they should be by tests, and none has been run.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from bac.testing.drills.adapter import DrillError

LABEL = "bac.drill"
"""The label of a volume that says, with the value ``destroyable``, that a drill may remove it."""
IMAGE = "busybox:stable"
"""The image whose ``tar`` reads and writes volumes."""

Run: TypeAlias = Callable[[Sequence[str]], str]
"""Runs a command, and returns what it prints."""


def run_command(command: Sequence[str]) -> str:
    """Run a command, and return what it prints.

    Raises:
        DrillError: it is not installed, or fails.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise DrillError(f"{command[0]} is not installed") from None
    if done.returncode:
        raise DrillError(f"{' '.join(command[:3])}: {done.stderr.strip()}")
    return done.stdout


class ComposeVolumes:
    """Four of the seven methods of an adapter; a subclass adds ``begin``, ``step``, ``settle`` and ``read``.

    Args:
        file: the Compose file.
        services: for each service of the specification the container that runs it, and the volume of its state.
        archives: a folder for backups.
        run: runs commands.
    """

    def __init__(
        self, file: Path, services: Mapping[str, tuple[str, str]], archives: Path, run: Run = run_command
    ) -> None:
        """Know the containers and volumes."""
        self.file, self.services, self.archives, self.run = file, services, archives, run

    @property
    def destroyable(self) -> bool:
        """Whether each volume carries the label ``bac.drill: destroyable``."""
        volumes = [volume for _, volume in self.services.values()]
        inspected: list[dict[str, Any]] = json.loads(self.run(["docker", "volume", "inspect", *volumes]))
        labels = [each.get("Labels") or {} for each in inspected]
        return len(labels) == len(volumes) and all(each.get(LABEL) == "destroyable" for each in labels)

    def snapshot(self, services: Sequence[str]) -> dict[str, str]:
        """Archive the volumes of services; at one instant where there are several, by pausing their containers."""
        containers = [self.services[service][0] for service in services]
        if len(services) > 1:
            self._compose("pause", *containers)
        try:
            return {service: self._archive(service) for service in services}
        finally:
            if len(services) > 1:
                self._compose("unpause", *containers)

    def _archive(self, service: str) -> str:
        volume = self.services[service][1]
        archive = f"{volume}.tar"
        self._tar(volume, "-cf", archive, read_only=True)
        return archive

    def disaster(self, services: Sequence[str]) -> None:
        """Remove containers with their volumes."""
        for service in services:
            container, volume = self.services[service]
            self._compose("rm", "--stop", "--force", container)
            self.run(["docker", "volume", "rm", volume])

    def restore(self, backups: Mapping[str, Any]) -> None:
        """Stop what is restored, make its volumes anew, fill them from the archives, and start it."""
        for service, backup in backups.items():
            container, volume = self.services[service]
            self._compose("rm", "--stop", "--force", container)
            self.run(["docker", "volume", "rm", "--force", volume])
            self.run(["docker", "volume", "create", "--label", f"{LABEL}=destroyable", volume])
            if backup is not None:
                self._tar(volume, "-xf", backup[service], read_only=False)
        self._compose("up", "--detach", "--wait", *(self.services[service][0] for service in backups))

    def _compose(self, *arguments: str) -> None:
        self.run(["docker", "compose", "--file", str(self.file), *arguments])

    def _tar(self, volume: str, mode: str, archive: str, *, read_only: bool) -> None:
        """Run ``tar`` with the volume at /volume and the archives at /archives."""
        mounts = [f"{volume}:/volume{':ro' * read_only}", f"{self.archives.resolve()}:/archives"]
        volumes = [word for mount in mounts for word in ("--volume", mount)]
        command = ["tar", "-C", "/volume", mode, f"/archives/{archive}", *(["."] if read_only else [])]
        self.run(["docker", "run", "--rm", "--network", "none", *volumes, IMAGE, *command])
