"""What setup.cfg cannot say: a wheel needs the built page; an editable install gets along without."""

import sys
from pathlib import Path

from setuptools import setup

page = Path(__file__).parent / "static" / "dist"
if "bdist_wheel" in sys.argv and not (page / "index.html").is_file():
    sys.exit("static/dist/index.html is missing: build the page first, with make setup")
page.mkdir(parents=True, exist_ok=True)
setup()
