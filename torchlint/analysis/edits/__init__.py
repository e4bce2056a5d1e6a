"""Fixes as edits of text, made from the places of what is to change."""
