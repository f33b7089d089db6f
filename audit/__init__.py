"""Audits: broken links, orphans and missing state across the stores of an application, after a restore."""
