"""signkit: signing of PDFs with a proof that anyone can check offline."""
