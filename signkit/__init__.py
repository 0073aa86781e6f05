"""signkit: signing of PDFs with a proof that anyone can check offline."""

__version__ = "0.1.0"
