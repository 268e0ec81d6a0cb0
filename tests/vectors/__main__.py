"""Makes the vectors anew: `python -m tests.vectors`."""

from tests.vectors.files import make_all

make_all()
