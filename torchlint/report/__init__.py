"""Reports: diagnostics as text for people, and as data for other tools. One module a format."""
