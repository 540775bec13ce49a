"""The checkout, and what the tests know of A2E."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
API_FACTS = CHECKOUT / "tests" / "api_facts"
