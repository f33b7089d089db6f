"""Try every order of independent backups: which are consistent, and which at least avoid broken links?

    python examples/every_order.py examples/ftgo/ftgo.bac.yaml [--replay] [--resume]

Orders that differ only in where services without a role stand are tried like all others, so n services take n! checks.
"""

from __future__ import annotations

import argparse
from itertools import permutations

from bac.model.plan import Plan
from bac.model.recovery import Recovery
from bac.model.specification.reader import load
from bac.proofs.check import check
from bac.proofs.results import Verdict
from bac.properties.anomalies import AnomalyKind
from bac.properties.qualities import Property


def main() -> None:
    """Parse, try, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("specification")
    parser.add_argument("--replay", action="store_true", help="replay events after recovery")
    parser.add_argument("--resume", action="store_true", help="resume unfinished calls after recovery")
    arguments = parser.parse_args()
    architecture = load(arguments.specification).architecture
    recovery = Recovery(replay=arguments.replay, resume=arguments.resume)
    tried, unbroken, consistent = 0, 0, []
    for order in permutations(service.name for service in architecture.services):
        plan = Plan("order", order=order, recovery=recovery)
        result = check(architecture, plan, properties=[Property.CONSISTENCY]).properties[Property.CONSISTENCY]
        tried += 1
        unbroken += all(anomaly.kind is not AnomalyKind.BROKEN_LINK for anomaly in result.anomalies)
        if result.verdict is Verdict.HOLDS:
            consistent.append(order)
    print(f"{tried} orders, {unbroken} without broken links, {len(consistent)} consistent")
    for order in consistent:
        print("  " + ", ".join(order))


if __name__ == "__main__":
    main()
