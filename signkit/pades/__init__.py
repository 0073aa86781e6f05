"""Prepare, embed, validate and read signed PDFs; the only room that names pyHanko."""
