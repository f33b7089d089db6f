"""The strategies of ``bac.testing`` for documents, under the names that the tests use."""

from bac.testing.generator import Document
from bac.testing.strategies import documents as specifications
from bac.testing.strategies import plan_documents as plans

__all__ = ["Document", "plans", "specifications"]
