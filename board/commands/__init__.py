"""A command line comes in; printed boards, comparisons and audits go out."""
