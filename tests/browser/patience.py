"""Time enough for who looks slowly.

Rule: what the page takes away by itself after some seconds stays for a minute; all else happens when it would.
"""

PATIENT = """{
  const GO_AFTER_MS = [1_500, 8_000]; // that something is copied, and what can be taken back
  const later = window.setTimeout.bind(window);
  window.setTimeout = (act, ms, ...values) => later(act, GO_AFTER_MS.includes(ms) ? 60_000 : ms, ...values);
}"""
"""A script that has to run before those of the page."""
