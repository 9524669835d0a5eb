"""Results measured elsewhere: a suite names its metrics, and nothing is asked or scored here."""

from ..kind import Kind

REPORTED = Kind(name="reported")
